// Packs the built companion as npm installs it: datashare-similarity-<version>.tgz at the root of the repository.
// It keeps the layout of the repository, so that every part finds the others where it finds them in a checkout.
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { create } from 'tar'
import { notices } from './licences.mjs'
import { locked, neededBy } from './shipped.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const readJson = path => JSON.parse(readFileSync(path, 'utf8'))

/** What the package holds, by its place in the repository; of folders everything but maps and build notes. */
const PARTS = [
  'LICENSE', 'README.md', 'CHANGELOG.md', 'SECURITY.md',
  'server/package.json', 'server/bin', 'server/dist', 'server/models/README.md', 'server/models/all-MiniLM-L6-v2',
  'plugin/package.json', 'plugin/README.md', 'plugin/dist',
  'e2e/collection', 'e2e/demo-host/dist',
]
/** A workspace is no package of a registry: its files lie where the companion's code finds them, and npm leaves them alone there. */
const SHARED = '@datashare-similarity/shared'
const SHARED_PARTS = ['package.json', 'dist']
const SHARED_PLACE = `server/node_modules/${SHARED}`
const BUILT = ['server/dist/main.js', 'shared/dist/index.js', 'plugin/dist/index.umd.js', 'e2e/demo-host/dist/index.html']

/** The plugin's own map stays: Datashare's page offers it to whoever looks into the script. */
const isShipped = path => !/\.d\.ts$|\.tsbuildinfo$/.test(path) && (!path.endsWith('.js.map') || basename(path) === 'index.umd.js.map')

const without = (object, ...keys) => Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)))

/** What a package needs, by what was installed for it: the overrides of the workspace count in a checkout only, and a range might mean something else. */
function pinned(entry, edges, packages) {
  const exact = ([name, range]) => {
    const { name: alias, version } = packages[edges.get(name)] ?? {}
    return [name, version === undefined ? range : alias === undefined ? version : `npm:${alias}@${version}`]
  }
  const lists = ['dependencies', 'optionalDependencies', 'peerDependencies'].filter(list => entry[list] !== undefined)
  return { ...entry, ...Object.fromEntries(lists.map(list => [list, Object.fromEntries(Object.entries(entry[list]).map(exact))])) }
}

/**
 * The lock file of the package: npm installs exactly what was tested.
 * That onnxruntime-node has an install script is left out, so that npm does not run it: it fetches libraries for graphics cards,
 * which nothing here uses, and where there is no network it makes the whole installation fail.
 */
function shrinkwrap(manifest) {
  const locks = locked()
  const packages = { '': { name: manifest.name, version: manifest.version, license: manifest.license, dependencies: manifest.dependencies, bin: manifest.bin, engines: manifest.engines } }
  for (const [path, { entry, edges }] of neededBy('server', locks)) {
    if (['server', 'shared'].includes(path)) continue
    const place = path.replace(/^server\//, '')
    if (packages[place] !== undefined) throw new Error(`${place} is shipped in two versions: install the companion's in the workspace's own node_modules`)
    packages[place] = without(pinned(entry, edges, locks), 'dev', 'devOptional', 'peer', 'hasInstallScript')
  }
  return { name: manifest.name, version: manifest.version, lockfileVersion: 3, requires: true, packages }
}

function manifestOfPackage() {
  const { name, version, description, license, type, engines, bin, dependencies } = readJson(join(root, 'server/package.json'))
  return {
    name, version, description, license, type,
    keywords: ['datashare', 'semantic-search', 'similarity', 'journalism'],
    engines, os: ['linux', 'darwin', 'win32'], cpu: ['x64', 'arm64'],
    bin: Object.fromEntries(Object.entries(bin).map(([command, path]) => [command, `server/${path}`])),
    // What shared needs, the companion needs too.
    dependencies: without(dependencies, SHARED),
  }
}

/**
 * Packs the companion that `npm run build` has built.
 * @param {{ folder?: string }} [options] where the package goes
 * @returns {Promise<string>} its path
 */
export async function packNpm({ folder = root } = {}) {
  for (const file of BUILT) {
    if (!existsSync(join(root, file))) throw new Error(`${file} is missing: build first, with "npm run build"`)
  }
  const manifest = manifestOfPackage()
  const work = mkdtempSync(join(tmpdir(), 'pack-npm-'))
  const write = (name, value) => writeFileSync(join(work, 'package', name), `${JSON.stringify(value, null, 2)}\n`)
  try {
    const copy = (from, to) => cpSync(join(root, from), join(work, 'package', to), { recursive: true, filter: isShipped })
    for (const part of PARTS) copy(part, part)
    for (const part of SHARED_PARTS) copy(`shared/${part}`, `${SHARED_PLACE}/${part}`)
    writeFileSync(join(work, 'package', 'THIRD-PARTY.txt'), notices())
    write('package.json', manifest)
    write('npm-shrinkwrap.json', shrinkwrap(manifest))

    const archive = join(folder, `${manifest.name}-${manifest.version}.tgz`)
    await create({ gzip: true, file: archive, cwd: work, portable: true, mtime: new Date('2000-01-01T00:00:00Z') }, ['package'])
    return archive
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.log(await packNpm())
