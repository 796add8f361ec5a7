/*
 * `npm run licences`: the licence of everything that we ship or that is installed with it, of the models too.
 * Fails on one that a project under MIT cannot ship.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import satisfies from 'spdx-satisfies'
import { REGISTRY } from '../server/src/embedding/registry.ts'
import { locked, neededBy } from './shipped.mjs'

const PERMISSIVE = ['MIT', 'MIT-0', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'BlueOak-1.0.0', 'CC0-1.0', 'Unlicense']

/** Where more than the permissive ones will do, and why. */
const EXCEPTIONS = [
  { packages: /^@img\/sharp-/, licence: 'LGPL-3.0-or-later', why: 'a library in a package of its own, installed unchanged and replaceable' },
  { packages: /^caniuse-lite$/, licence: 'CC-BY-4.0', why: 'data about browsers in a package of its own, installed unchanged with the bundler of Temporal\'s worker' },
  { packages: /^@fontsource/, licence: 'OFL-1.1', why: 'a font, in the page of the demo only' },
]

/** Packages that say it elsewhere than in the field that npm reads; looked up by hand, in the version given. */
const STATED_ELSEWHERE = {
  'base-64@0.1.0': { licence: 'MIT', where: 'LICENSE-MIT.txt' },
  'json-bignum@0.0.3': { licence: 'MIT', where: 'LICENSE' },
  'unionfs@4.6.0': { licence: 'Unlicense', where: 'LICENSE' },
}

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const nameOf = path => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)

/** What is not installed beside ours but built into it. */
const BUILT_IN = {
  'the plugin': ['@iconify-json/ph'],
  'the page of the demo': ['@fontsource-variable/inter', '@iconify-json/ph', 'bootstrap', 'pinia', 'vue', 'vue-i18n', 'vue-router'],
}

/** What the image for Temporal has beside the companion. */
const { dependencies: OF_TEMPORAL } = JSON.parse(readFileSync(join(root, 'deploy/temporal/package.json'), 'utf8'))

/** Everything that is installed with some packages, by path. */
const withNeeds = (names, packages) => [...new Map(names.flatMap(name => [...neededBy(`node_modules/${name}`, packages)]))]

/**
 * The licences of what is built in, in full: they want to be where the code is, and a bundler drops them.
 * @returns {string} a text to ship
 */
export function notices() {
  const packages = locked()
  const texts = withNeeds([...new Set(Object.values(BUILT_IN).flat())], packages).map(([path, { entry }]) => {
    const folder = join(root, path)
    const file = existsSync(folder) ? readdirSync(folder).find(name => /^licen[cs]e/i.test(name)) : undefined
    const text = file === undefined ? `Licence: ${entry.license}` : readFileSync(join(folder, file), 'utf8').trim()
    return `${nameOf(path)} ${entry.version}\n\n${text}`
  })
  return `Built into the plugin and the page of the demo:\n\n${texts.join(`\n\n${'-'.repeat(72)}\n\n`)}\n`
}

/**
 * @param {Record<string, object>} [packages] those of a lock file
 * @returns {{ name: string, version: string, licence: string, part: string, isFine: boolean }[]} sorted by part and name
 */
export function licences(packages = locked()) {
  const companion = [...neededBy('server', packages)].filter(([path]) => path.includes('node_modules/'))
  const parts = [['the companion', companion], ['the image for Temporal', withNeeds(Object.keys(OF_TEMPORAL), packages)], ...Object.entries(BUILT_IN).map(([part, names]) => [part, withNeeds(names, packages)])]
  const installed = parts.flatMap(([part, found]) => found.map(([path, { entry }]) => judge(part, entry.name ?? nameOf(path), entry)))
  const models = REGISTRY.map(({ id, revision, licence, bundled }) => judge(bundled ? 'the companion' : 'pulled by name', `model ${id}`, { version: revision, license: licence }))
  return [...installed, ...models].toSorted((one, other) => `${one.part} ${one.name}`.localeCompare(`${other.part} ${other.name}`, 'en'))
}

function judge(part, name, { version, license }) {
  const licence = license ?? STATED_ELSEWHERE[`${name}@${version}`]?.licence ?? 'unknown'
  const allowed = [...PERMISSIVE, ...EXCEPTIONS.filter(({ packages }) => packages.test(name)).map(exception => exception.licence)]
  return { part, name, version, licence, isFine: isAllowed(licence, allowed) }
}

/** What is no expression of SPDX ("see file …") is nothing that we know. */
function isAllowed(licence, allowed) {
  try {
    return satisfies(licence, allowed)
  } catch {
    return false
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const all = licences()
  for (const { part, name, version, licence } of all) console.log(`${licence.padEnd(24)} ${name} ${version}, ${part}`)
  const refused = all.filter(({ isFine }) => !isFine)
  for (const { name, version, licence } of refused) console.error(`Not to be shipped under MIT: ${name} ${version} (${licence})`)
  console.log(`${all.length} licences, ${refused.length} refused. Ours is MIT.`)
  process.exitCode = refused.length === 0 ? 0 : 1
}
