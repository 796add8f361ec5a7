import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { extract, list } from 'tar'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packPlugin } from '../../server/src/cli/plugin-pack.ts'
import { CATALOGUE } from './locales/catalogue.ts'

// @vitest-environment node

const root = join(import.meta.dirname, '../..')
const languages = readdirSync(join(root, 'plugin/public/locales'))
const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
/** Values that the machine of a build may well hold, under names that the companion reads or that Vite would pass on. */
const secrets = Object.fromEntries(['ELASTICSEARCH_PASSWORD', 'ELASTICSEARCH_API_KEY', 'DATASHARE_API_KEY', 'DATASHARE_URL', 'SIMILARITY_DATA_DIR', 'VITE_SECRET', 'SECRET'].map(name => [name, `canary-${name.toLowerCase()}-7f3`]))
const digest = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')

describe('the archive that Datashare installs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plugin-archive-'))
  const plugin = join(folder, 'plugin')
  let archive: string
  let top: string

  beforeAll(async () => {
    mkdirSync(plugin)
    for (const file of ['package.json', 'README.md']) cpSync(join(root, 'plugin', file), join(plugin, file))
    execFileSync(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'error', '--outDir', join(plugin, 'dist'), '--emptyOutDir'], { cwd: join(root, 'plugin'), env: { ...process.env, ...secrets, NODE_ENV: 'development' } })
    archive = await packPlugin(folder, plugin)
    top = archive.slice(folder.length + 1, -'.tgz'.length)
  }, 120_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('is named by the plugin and its version, and holds one folder of that name', () => {
    expect(top).toMatch(/^datashare-plugin-similarity-\d+\.\d+\.\d+$/)
  })

  it('names its folders themselves, before what lies in them', async () => {
    const entries: string[] = []
    await list({ file: archive, onReadEntry: ({ path }) => { entries.push(path) } })

    expect(entries).toContain(`${top}/`)
    expect(entries.indexOf(`${top}/`)).toBe(0)
    expect(entries.indexOf(`${top}/dist/`)).toBeLessThan(entries.indexOf(`${top}/dist/index.umd.js`))
    expect(entries.sort()).toEqual(['', 'LICENSE', 'README.md', 'dist/', 'dist/index.umd.js', 'dist/index.umd.js.map', 'dist/locales/', ...languages.map(file => `dist/locales/${file}`), 'dist/style.css', 'package.json'].map(path => `${top}/${path}`))
  })

  it('unpacks to a package with the fields that Datashare reads, and nothing of the workspace', async () => {
    await extract({ file: archive, cwd: folder })
    const unpacked = join(folder, top)
    const manifest = readJson(join(unpacked, 'package.json'))

    expect(manifest).toMatchObject({ main: 'dist/index.umd.js', style: 'dist/style.css', private: false, datashare: {} })
    expect(manifest).not.toHaveProperty('devDependencies')
    expect(manifest).not.toHaveProperty('scripts')
    for (const file of ['dist/index.umd.js', 'dist/style.css']) expect(existsSync(join(unpacked, file))).toBe(true)
  })

  it('is unpacked as Datashare unpacks it: entry by entry, into folders that the archive itself has named, below the plugins folder, within its limits', async () => {
    const plugins = join(folder, 'plugins')
    mkdirSync(plugins)
    const made = new Set([`${plugins}/`])
    let [entries, bytes] = [0, 0]
    await list({ file: archive, onReadEntry: (entry) => {
      const target = join(plugins, entry.path)
      entries += 1
      bytes += entry.size
      expect(['Directory', 'File']).toContain(entry.type)
      expect(made).toContain(`${dirname(target)}/`)
      expect(entry.size).toBeLessThan(100_000_000)
      if (entry.type === 'Directory') made.add(target)
    } })

    expect([...made].every(path => path.startsWith(`${plugins}/`))).toBe(true)
    expect(entries).toBeLessThan(10_000)
    expect(bytes).toBeLessThan(1_000_000_000)
  })

  it('is the same archive every time', async () => {
    const again = join(folder, 'again')
    mkdirSync(again)

    expect(digest(await packPlugin(again, plugin))).toBe(digest(archive))
  })

  it('is not made of a plugin that is not built', async () => {
    const bare = join(folder, 'bare')
    mkdirSync(bare)
    writeFileSync(join(bare, 'package.json'), readFileSync(join(plugin, 'package.json')))

    await expect(packPlugin(folder, bare)).rejects.toThrow(/npm run build/)
  })

  it('holds one classic script that takes Vue and Pinia of the page, asks for no process and stays small', () => {
    const script = readFileSync(join(plugin, 'dist/index.umd.js'), 'utf8')

    expect(script).toMatch(/^\(function\(/)
    expect(script.slice(0, 400)).toMatch(/__VUE_SHARED__.*__PINIA_SHARED__/)
    expect(script).not.toMatch(/process\.env|\bimport\(|^import /m)
    expect(gzipSync(script).length).toBeLessThan(45_000)
  })

  it('has of the catalogue of errors what the page can show, and no more', () => {
    const script = readFileSync(join(plugin, 'dist/index.umd.js'), 'utf8')

    for (const [code, { why, fix }] of Object.entries(CATALOGUE)) expect(script).toContain(`${code}:{why:\`${why}\`,fix:\`${fix}\`}`)
    expect(script).not.toMatch(/unsupported_media_type|status:\d{3}/)
  })

  it('holds nothing of the machine that built it: no value of its environment, no path of its disk', async () => {
    await extract({ file: archive, cwd: folder })
    const files = (await readdir(join(folder, top), { recursive: true, withFileTypes: true })).filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
    const secret = [...Object.values(secrets), root, folder, `${homedir()}/`, 'file:///', 'node_modules']

    expect(files.length).toBeGreaterThan(4)
    for (const file of files) {
      const text = readFileSync(file, 'utf8')
      expect(secret.filter(each => text.includes(each))).toEqual([])
    }
  })

  it('shows in its source map the sources of the plugin and the shared contract, as they are published, and none of the companion', () => {
    const map = readJson(join(plugin, 'dist/index.umd.js.map')) as { sources: string[], sourcesContent: string[] }
    const foreign = map.sources.filter(source => !/^(plugin\/src\/[\w/-]+\.(ts|vue)|shared\/src\/constants\.ts)$/.test(source))

    expect(map.sources).toContain('plugin/src/main.ts')
    expect(foreign).toEqual([])
    map.sources.forEach((source, index) => {
      if (source.endsWith('.ts')) expect(map.sourcesContent[index]).toBe(readFileSync(join(root, source), 'utf8'))
    })
  })
})

describe('the entry in Datashare\'s list of plugins', () => {
  const { deliverableList: [entry, ...others] } = readJson(join(root, 'deploy/plugins.json')) as { deliverableList: Record<string, string>[] }
  const described = readJson(join(root, 'datashare-plugin.json')) as { id: string, version: string }

  it('is one plugin, with the fields that Datashare reads and no others', () => {
    expect(others).toEqual([])
    expect(Object.keys(entry!).sort()).toEqual(['description', 'homepage', 'id', 'name', 'type', 'url', 'version'])
    expect(entry).toMatchObject({ id: described.id, version: described.version, type: 'PLUGIN' })
    for (const address of [entry!['url'], entry!['homepage']]) expect(URL.canParse(address!)).toBe(true)
  })

  it('leads to an archive by whose name Datashare knows the earlier versions, which it removes, and the folder, which it uninstalls', () => {
    const [, id, version] = /^([a-zA-Z-]+)-(\d+\.\d+\.\d+)\.tgz$/.exec(entry!['url']!.split('/').at(-1)!) ?? []

    expect({ id, version }).toEqual({ id: described.id, version: described.version })
  })
})

describe('the versions of the repository', () => {
  it('are one, in every package and in what describes the plugin', () => {
    const described = readJson(join(root, 'datashare-plugin.json'))
    const [listed] = (readJson(join(root, 'deploy/plugins.json')) as { deliverableList: { version: string }[] }).deliverableList
    const packages = ['package.json', 'shared/package.json', 'server/package.json', 'plugin/package.json', 'e2e/package.json'].map(path => readJson(join(root, path)))
    const versions = [described, listed, ...packages].map(each => each?.version)

    expect(new Set(versions).size).toBe(1)
    expect(readJson(join(root, 'plugin/package.json'))).toMatchObject({ name: described.id, main: described.entry, style: described.style })
  })
})
