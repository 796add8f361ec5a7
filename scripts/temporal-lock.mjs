/*
 * `node scripts/temporal-lock.mjs` after every change of Temporal's packages: what the image adds for them is what the tests run with,
 * package by package as package-lock.json has it.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { locked, neededBy } from './shipped.mjs'

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'deploy', 'temporal')

const withoutMarks = entry => Object.fromEntries(Object.entries(entry).filter(([key]) => !['dev', 'devOptional', 'peer'].includes(key)))

/** @returns {string} the text of deploy/temporal/package-lock.json */
export function temporalLock() {
  const { name, license, dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const packages = locked()
  const needed = new Map(Object.keys(dependencies).flatMap(each => [...neededBy(`node_modules/${each}`, packages)]))
  const entries = [...needed].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([path, { entry }]) => [path, withoutMarks(entry)])
  const lock = { name, lockfileVersion: 3, requires: true, packages: { '': { name, license, dependencies }, ...Object.fromEntries(entries) } }
  return `${JSON.stringify(lock, null, 2)}\n`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(join(folder, 'package-lock.json'), temporalLock())
