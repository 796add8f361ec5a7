import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createServer as createTcpServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { validateWorkflow } from '@action-validator/core'
import { DCLinter } from 'dclint'
import { DockerfileParser } from 'dockerfile-ast'
import { validate as validateDockerfile } from 'dockerfile-utils'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { temporalLock } from '../scripts/temporal-lock.mjs'
import { readConfig } from '../server/src/app/config.ts'

const root = join(import.meta.dirname, '..')
const isLong = process.env['SIMILARITY_LONG_TESTS'] === '1'
const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8')
const { version } = JSON.parse(read('package.json')) as { version: string }
const isInstalled = (command: string) => spawnSync(command, ['version']).error === undefined

interface Service {
  readonly image: string
  readonly profiles?: readonly string[]
  readonly build?: { readonly target?: string }
  readonly depends_on?: Readonly<Record<string, { readonly condition: string, readonly required?: boolean }>>
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
  readonly networks?: readonly string[]
  readonly read_only?: boolean
  readonly command?: readonly string[]
  readonly entrypoint?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

describe('the image of the companion (its file is checked, it is not built here)', () => {
  const dockerfile = read('deploy', 'Dockerfile')
  const instructions = DockerfileParser.parse(dockerfile).getInstructions()
  const stageOf = (name: string) => {
    const from = instructions.findIndex(each => each.getKeyword() === 'FROM' && each.getRawArgumentsContent()?.endsWith(` AS ${name}`))
    const to = instructions.findIndex((each, index) => index > from && each.getKeyword() === 'FROM')
    return instructions.slice(from, to === -1 ? undefined : to)
  }
  const argumentOf = (keyword: string) => stageOf('companion').find(each => each.getKeyword() === keyword)?.getRawArgumentsContent()

  it('is one that Docker understands', () => {
    expect(validateDockerfile(dockerfile)).toEqual([])
  })

  it('runs as nobody in particular, keeps its data in a volume, and starts the companion', () => {
    expect(argumentOf('USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/)
    expect(argumentOf('VOLUME')).toBe('/data')
    expect(JSON.parse(argumentOf('ENTRYPOINT')!)).toEqual(['node', '/app/server/bin/datashare-similarity.js'])
    expect(dockerfile).toContain(`-t datashare-similarity:${version} `)
  })

  it('is without Temporal where nobody asks for it, and else the same with its packages, where Node finds them', () => {
    const said = (name: string) => stageOf(name).map(each => each.getTextContent())

    expect(said('local')).toEqual(['FROM companion AS local'])
    expect(said('temporal')).toEqual(['FROM companion AS temporal', 'COPY --from=install-temporal /temporal/node_modules /node_modules'])
    expect(instructions.findLast(each => each.getKeyword() === 'FROM')?.getRawArgumentsContent()).toBe('companion AS local')
    expect(dockerfile).toContain(`--target temporal -t datashare-similarity:${version}-temporal `)
  })

  it('gets the packages of Temporal that the tests run with, and no other', () => {
    const { dependencies } = JSON.parse(read('deploy', 'temporal', 'package.json')) as { dependencies: Record<string, string> }
    const { devDependencies } = JSON.parse(read('server', 'package.json')) as { devDependencies: Record<string, string> }

    expect(dependencies).toEqual(Object.fromEntries(Object.entries(devDependencies).filter(([name]) => name.startsWith('@temporalio/'))))
    // Where it differs: node scripts/temporal-lock.mjs
    expect(read('deploy', 'temporal', 'package-lock.json')).toBe(temporalLock())
  })

  it('takes nothing into the image that git does not know', () => {
    const ignored = read('.dockerignore').split('\n').map(line => line.replace(/^\*\*\//, '').replace(/\/$/, ''))

    expect(read('.gitignore').split('\n').map(line => line.replace(/\/$/, '')).filter(line => line !== '' && !ignored.includes(line))).toEqual([])
  })

  it('says that it is healthy while the companion answers, and not after', async () => {
    const [, , script] = JSON.parse(/CMD (\[.*\])/.exec(argumentOf('HEALTHCHECK')!)![1]!) as string[]
    const server = createServer((request, response) => { response.writeHead(request.url === '/health/live' && request.headers.host?.startsWith('127.0.0.1') ? 200 : 403).end() })
    const port = await listen(server)
    const check = async () => {
      const [code] = await once(spawn(process.execPath, ['--eval', script!], { env: { SIMILARITY_HOST: '127.0.0.1', SIMILARITY_PORT: String(port) } }), 'exit') as [number]
      return code
    }

    expect(await check()).toBe(0)
    await close(server)
    expect(await check()).toBe(1)
  })
})

describe('compose.yaml (its files are checked, they are not started here)', () => {
  const { services } = parse(read('compose.yaml'), { merge: true }) as { services: Readonly<Record<string, Service>> }

  it.each(['compose.yaml', 'deploy/compose.public.yaml'])('%s is one that Docker Compose understands, without a serious finding', async (path) => {
    // One image for two services: it is built once and named, so both keys stand there on purpose.
    const linter = new DCLinter({ rules: { 'no-build-and-image': 0 }, quiet: true, debug: false, exclude: [] })
    const findings = (await linter.lintFiles([join(root, path)], false)).flatMap(({ messages }) => messages)

    expect(findings.filter(({ severity }) => ['major', 'critical'].includes(severity)).map(({ rule, message }) => `${rule}: ${message}`)).toEqual([])
  })

  it('starts the Datashare that the plugin was checked with, and the companion of this version', () => {
    const { datashare } = JSON.parse(read('datashare-plugin.json')) as { datashare: { checkedWith: string[] } }

    expect(datashare.checkedWith).toContain(services['datashare']?.image.replace('icij/datashare:', ''))
    expect(services['plugin']?.image).toBe(`datashare-similarity:${version}`)
    expect(services['companion']?.image).toBe(`datashare-similarity:${version}\${SIMILARITY_ENGINE:+-}\${SIMILARITY_ENGINE:-}`)
    expect(services['worker']?.image).toBe(`datashare-similarity:${version}-temporal`)
  })

  it('publishes one address, on this machine only; everything that holds documents is out of reach', () => {
    const published = Object.entries(services).flatMap(([name, { ports = [] }]) => ports.map(port => `${name} ${port}`))

    expect(published).toEqual(['proxy 127.0.0.1:8080:8080'])
    for (const name of Object.keys(services).filter(name => !['proxy', 'plugin'].includes(name))) expect([name, services[name]?.networks]).toEqual([name, ['inside']])
  })

  it('gives the companion a read-only root and the outer address', () => {
    expect(services['companion']).toMatchObject({ read_only: true, environment: { SIMILARITY_PUBLIC_URL: '${PUBLIC_URL:-http://localhost:8080}/similarity' } })
  })
})

describe('the profile "temporal" of compose.yaml (it is checked, it is not started here)', () => {
  const text = read('compose.yaml')
  const { services } = parse(text, { merge: true }) as { services: Readonly<Record<string, Service>> }
  const ofProfile = Object.keys(services).filter(name => services[name]?.profiles?.includes('temporal'))
  const settings = Object.fromEntries([...read('deploy', 'temporal.env').matchAll(/^#?([A-Z_]+)=(\S*)$/gm)].map(([, name, value]) => [name!, value!]))
  /** What of a text Compose puts in, where an .env says this. */
  const filledIn = (value: string, env: Readonly<Record<string, string>>) =>
    value.replace(/\$\{(\w+):([-+])([^}]*)\}/g, (_all, name: string, sign: string, other: string) => (sign === '-' ? env[name] ?? other : env[name] === undefined ? '' : other))
  const filled = (env: Readonly<Record<string, string>>) => parse(filledIn(text, env), { merge: true }) as { services: Record<string, Service> }

  it('has Temporal, what prepares it, and workers; nobody else needs them', () => {
    expect(ofProfile).toEqual(['worker', 'temporal-schema', 'temporal', 'temporal-namespace'])
    const others = Object.entries(services).filter(([name]) => !ofProfile.includes(name))
    const needed = others.flatMap(([, { depends_on: needs = {} }]) => Object.entries(needs).filter(([name, { required }]) => ofProfile.includes(name) && required !== false))

    expect(needed).toEqual([])
  })

  it('changes nothing where it is not asked for: every variable has the value of before', () => {
    const { companion, datashare } = filled({}).services

    expect(companion).toMatchObject({ image: `datashare-similarity:${version}`, build: { target: 'local' }, environment: { SIMILARITY_ENGINE: 'local', SIMILARITY_STORE: 'lancedb' } })
    expect(datashare?.command).toEqual(expect.arrayContaining(['--batchQueueType=MEMORY', '--taskRoutingStrategy=UNIQUE']))
  })

  it('is switched on by the lines of deploy/temporal.env, which companion and worker start with', () => {
    const { companion, worker, datashare } = filled(settings).services

    expect(settings['COMPOSE_PROFILES']).toBe('temporal')
    expect(companion).toMatchObject({ image: worker?.image, build: worker?.build })
    for (const service of [companion, worker]) expect(readConfig(service?.environment ?? {})).toMatchObject({ engine: 'temporal', store: 'elasticsearch', temporal: { address: 'temporal:7233', namespace: 'datashare-default' } })
    expect(datashare?.command).toEqual(expect.arrayContaining(['--batchQueueType=TEMPORAL', '--taskRoutingStrategy=GROUP', '--temporalAddress=temporal:7233']))
  })

  it('has workers of which there may be many: read-only, without a port, and with the companion\'s models', () => {
    expect(services['worker']).toMatchObject({ command: ['worker'], read_only: true, volumes: ['similarity:/data:ro'] })
    expect(services['worker']).not.toHaveProperty('ports')
    expect(services['worker']).not.toHaveProperty('container_name')
  })

  it.each(['schema.sh', 'namespace.sh'])('prepares Temporal with a script that a shell understands: %s', (name) => {
    expect(spawnSync('/bin/sh', ['-n', join(root, 'deploy', 'temporal', name)], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
    expect(Object.values(services).map(({ entrypoint }) => entrypoint?.at(-1))).toContain(`/scripts/${name}`)
  })
})

describe('the workflows', () => {
  const names = readdirSync(join(root, '.github', 'workflows'))

  it.each(names)('%s is one that GitHub understands', (name) => {
    expect(validateWorkflow(read('.github', 'workflows', name))).toMatchObject({ errors: [] })
  })

  it.each(names)('%s pins each action, and gives its jobs no more rights than they use', (name) => {
    const workflow = read('.github', 'workflows', name)

    expect([...workflow.matchAll(/uses: (\S+)/g)].map(([, action]) => action).filter(action => !/@v\d+$/.test(action!))).toEqual([])
    expect(parse(workflow)).toMatchObject({ permissions: { contents: 'read' } })
  })
})

/** In front of two servers that say what they were asked, as the proxy stands in front of Datashare and the companion. */
if (isLong) describe('one origin for both', () => {
  const folder = mkdtempSync(join(tmpdir(), 'proxy-'))
  const echo = (name: string) => createServer((request, response) => { response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ name, url: request.url, host: request.headers.host, cookie: request.headers.cookie, token: request.headers['x-ds-csrf-token'] })) })
  const datashare = echo('datashare')
  const companion = echo('companion')
  const inner = { datashare: 0, companion: 0 }
  let child: ChildProcess | undefined

  beforeAll(async () => {
    inner.datashare = await listen(datashare)
    inner.companion = await listen(companion)
  })
  afterEach(async () => {
    if (child?.exitCode !== null) return
    const ended = once(child, 'exit')
    child.kill()
    await ended
  })
  afterAll(async () => {
    await Promise.all([close(datashare), close(companion)])
    rmSync(folder, { recursive: true, force: true })
  })

  async function expectOneOrigin(port: number): Promise<void> {
    const origin = `http://localhost:${port}`
    const headers = { 'Cookie': '_ds_session_id={"login":"alice","roles":[]}; _ds_csrf_token=abc', 'X-DS-CSRF-TOKEN': 'abc' }
    await expect.poll(() => fetch(origin).then(({ ok }) => ok, () => false), { timeout: 20_000 }).toBe(true)

    expect(await (await fetch(`${origin}/similarity/api/projects/demo?from=1`, { headers })).json()).toEqual({ name: 'companion', url: '/api/projects/demo?from=1', host: `localhost:${port}`, cookie: headers.Cookie, token: 'abc' })
    expect(await (await fetch(`${origin}/api/users/me`, { headers })).json()).toEqual({ name: 'datashare', url: '/api/users/me', host: `localhost:${port}`, cookie: headers.Cookie, token: 'abc' })
  }

  it.skipIf(!isInstalled('nginx'))('as deploy/nginx.conf makes it (needs nginx)', async () => {
    const port = await freePort()
    const server = read('deploy', 'nginx.conf').replace('listen 8080', `listen 127.0.0.1:${port}`).replace('127.0.0.1:4780', `127.0.0.1:${inner.companion}`).replace('127.0.0.1:8081', `127.0.0.1:${inner.datashare}`)
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(kind => `${kind}_temp_path ${folder};`).join(' ')
    const file = join(folder, 'nginx.conf')
    writeFileSync(file, `daemon off; pid ${folder}/pid; error_log stderr; events {} http { ${temporary} ${server} }`)
    expect(spawnSync('nginx', ['-t', '-c', file], { encoding: 'utf8' }).stderr).toContain('test is successful')

    child = spawn('nginx', ['-c', file], { stdio: 'ignore' })
    await expectOneOrigin(port)
  })

  it.skipIf(!isInstalled('caddy'))('as deploy/Caddyfile makes it (needs Caddy)', async () => {
    const port = await freePort()
    child = spawn('caddy', ['run', '--adapter', 'caddyfile', '--config', join(root, 'deploy', 'Caddyfile')], {
      stdio: 'ignore', env: { ...process.env, HOME: folder, SITE_ADDRESS: `:${port}`, COMPANION: `127.0.0.1:${inner.companion}`, DATASHARE: `127.0.0.1:${inner.datashare}` },
    })
    await expectOneOrigin(port)
  })
})

async function listen(server: Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
}

async function freePort(): Promise<number> {
  const server = createTcpServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}
