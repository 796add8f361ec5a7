import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { licences } from './licences.mjs'
import { locked } from './shipped.mjs'

interface Locked { readonly version?: string, readonly license?: string, readonly optionalDependencies?: Readonly<Record<string, string>> }

const root = join(import.meta.dirname, '..')
const packages = locked() as Record<string, Locked>

describe('the lock file', () => {
  // npm leaves out those of other platforms where it updates a lock file beside what is installed; then nothing runs there.
  it('names the native code of every platform, not only of the one that it was made on', () => {
    const named = new Set(Object.keys(packages).map(path => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)))
    const missing = Object.values(packages).flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies)).filter(name => !named.has(name))

    expect([...new Set(missing)]).toEqual([])
  })

  it.each(['package-lock.json', 'deploy/temporal/package-lock.json'])('says of no package from where it was downloaded here: %s', (path) => {
    expect(readFileSync(join(root, path), 'utf8')).not.toContain('"resolved": "http')
  })
})

describe('the licences of what is shipped', () => {
  it('are all ones that a project under MIT can ship', () => {
    expect(licences().filter(({ isFine }) => !isFine)).toEqual([])
  })

  it('are known of the model, of native code and of what is built into the plugin', () => {
    const known = licences().map(({ name, licence, part }) => `${name}: ${licence}, ${part}`)

    for (const each of ['model all-MiniLM-L6-v2: Apache-2.0, the companion', '@lancedb/lancedb: Apache-2.0, the companion', '@iconify-json/ph: MIT, the plugin', '@temporalio/worker: MIT, the image for Temporal', '@swc/core: Apache-2.0, the image for Temporal', 'vue: MIT, the page of the demo']) expect(known).toContain(each)
  })

  it('are refused where they bind the whole, where nobody knows them, and where an exception is for another package', () => {
    const withLicence = (license: string | undefined) => {
      const express: Locked = { ...packages['node_modules/express'], ...license === undefined ? {} : { license } }
      if (license === undefined) delete (express as { license?: string }).license
      return licences({ ...packages, 'node_modules/express': express }).filter(({ isFine }) => !isFine).map(({ name }) => name)
    }

    for (const licence of ['GPL-3.0-only', 'AGPL-3.0-or-later', 'LGPL-3.0-or-later', 'MIT AND GPL-2.0-only', 'SEE LICENSE IN LICENSE.md', undefined]) expect(withLicence(licence)).toEqual(['express'])
    expect(withLicence('(GPL-3.0-only OR MIT)')).toEqual([])
  })

  it('are ours: MIT, in every package', () => {
    for (const path of ['package.json', 'shared/package.json', 'server/package.json', 'plugin/package.json', 'e2e/package.json']) {
      expect(JSON.parse(readFileSync(join(root, path), 'utf8'))).toMatchObject({ license: 'MIT' })
    }
    expect(readFileSync(join(root, 'LICENSE'), 'utf8')).toMatch(/^MIT License/)
  })
})
