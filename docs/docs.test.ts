import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

const root = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const documents = [
  'README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'plugin/README.md', 'server/models/README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter(path => path.endsWith('.md')).map(path => `docs/${path.replaceAll('\\', '/')}`),
]

/** Text without code, where brackets mean something else. */
const prose = (text: string) => text.replace(/^ *```[\s\S]*?^ *```/gm, '').replace(/`[^`\n]*`/g, '`code`')

const linksOf = (path: string) => [...prose(read(path)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!).filter(target => !/^[a-z]+:/.test(target))

/** The names by which a repository page knows its headings. */
const anchorsOf = (path: string) => [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading!.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-'))

function isThere(from: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? from : relative(root, resolve(root, dirname(from), path))
  return existsSync(join(root, target)) && (anchor === undefined || anchorsOf(target).includes(anchor))
}

describe('the documents', () => {
  it.each(documents)('%s: each link and picture leads to something', (path) => {
    expect(linksOf(path).filter(link => !isThere(path, link))).toEqual([])
  })

  it('are all reached from docs/README.md', () => {
    const reached = new Set<string>()
    const follow = (path: string): void => {
      if (reached.has(path)) return
      reached.add(path)
      for (const link of linksOf(path)) {
        const target = relative(root, resolve(root, dirname(path), link.split('#')[0]!)).replaceAll('\\', '/')
        if (documents.includes(target)) follow(target)
      }
    }
    follow('docs/README.md')

    expect(documents.filter(path => path.startsWith('docs/') && !reached.has(path))).toEqual([])
  })

  it('are pictured with alternatives in words', () => {
    const without = documents.flatMap(path => [...read(path).matchAll(/!\[\s*\]\(/g)].map(() => path))

    expect(without).toEqual([])
  })

  it('have every picture in use', () => {
    const used = documents.flatMap(path => linksOf(path)).join('\n')

    expect(readdirSync(join(root, 'docs/images')).filter(image => !used.includes(`images/${image}`))).toEqual([])
  })

  it('name npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Readonly<Record<string, string>> }
    const named = documents.flatMap(path => [...read(path).matchAll(/\bnpm run ([\w:-]+)/g)].map(([, script]) => script!))

    expect(named.length).toBeGreaterThan(10)
    expect([...new Set(named)].filter(script => scripts[script] === undefined)).toEqual([])
  })
})

/** Docker is not there where tests run: what the commands name is looked for instead, and the document says so. */
describe('the commands of docs/install.md that need Docker', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string }
  const text = read('docs/install.md')
  const commands = [...text.matchAll(/^docker .*$/gm)].map(([command]) => command)
  const { name, services } = parse(read('compose.yaml'), { merge: true }) as { name: string, services: Readonly<Record<string, object>> }

  it('are marked as not run', () => {
    expect(text).toContain('They have not been started with Docker by our tests.')
  })

  it('name services, files, volumes and an image that exist', () => {
    const caught = (pattern: RegExp) => commands.flatMap(command => [...command.matchAll(pattern)].map(([, name]) => name!))

    expect(caught(/ run --rm ([a-z]\S*) /g).filter(service => services[service] === undefined)).toEqual([])
    expect(caught(/(?:--file|-f) (\S+)/g).filter(file => !existsSync(join(root, file)))).toEqual([])
    expect(caught(/--volume (\w+_\w+):/g)).toEqual([`${name}_similarity`])
    expect(new Set(caught(/(datashare-similarity:[\d.]+)/g))).toEqual(new Set([`datashare-similarity:${version}`]))
    expect(text).toContain(`datashare-similarity-${version}.tgz`)
  })

  it('give settings that the files read', () => {
    const files = ['compose.yaml', 'deploy/Caddyfile'].map(read).join('\n')
    const named = [...text.matchAll(/`((?:POSTGRES|SITE|PUBLIC)_\w+)=|\b(POSTGRES_PASSWORD|DOCUMENTS)\b/g)].map(([, one, other]) => one ?? other!)

    expect([...new Set(named)].filter(setting => !files.includes(setting))).toEqual([])
  })
})
