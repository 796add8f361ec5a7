/* What the companion is made of, by the lock file: the packages that its published package installs, and what their licences are checked from. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** The packages of package-lock.json by their paths. */
export const locked = () => JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages

/**
 * Where a package finds another, as Node looks for it: in its own node_modules, then in those of the folders above.
 * @returns {string | undefined} its path in the lock file, of a workspace its own folder; undefined where it is not installed
 */
function find(packages, from, name) {
  for (let folder = from; ; folder = folder.replace(/(^|\/)(node_modules\/)?(@[^/]+\/)?[^/]+$/, '')) {
    const path = join(folder, 'node_modules', name).replaceAll('\\', '/')
    if (packages[path] !== undefined) return packages[path].link ? packages[path].resolved : path
    if (folder === '') return undefined
  }
}

/** Names of what a package needs at run time: its optional ones too, as native code comes that way. */
const needs = ({ dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} }) =>
  [...new Set([...Object.keys(dependencies), ...Object.keys(optionalDependencies), ...Object.keys(peerDependencies).filter(name => peerDependenciesMeta[name]?.optional !== true)])]

/**
 * A workspace or package with everything that it needs at run time.
 * @returns {Map<string, { entry: object, edges: Map<string, string> }>} by path in the lock file, sorted; edges: name → path
 */
export function neededBy(start, packages = locked()) {
  const found = new Map()
  const visit = (path) => {
    if (found.has(path)) return
    const entry = packages[path]
    const edges = new Map(needs(entry).flatMap((name) => {
      const to = find(packages, path, name)
      return to === undefined ? [] : [[name, to]]
    }))
    found.set(path, { entry, edges })
    for (const to of edges.values()) visit(to)
  }
  visit(start)
  return new Map([...found].toSorted(([one], [other]) => (one < other ? -1 : 1)))
}
