import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { z } from 'zod'

const ROOT = join(import.meta.dirname, '../../..')
const read = async <T>(name: string, schema: z.ZodType<T>): Promise<T> => schema.parse(JSON.parse(await readFile(join(ROOT, name), 'utf8')))
const Lock = z.object({ packages: z.record(z.string(), z.object({ hasInstallScript: z.boolean().optional(), integrity: z.string().optional(), resolved: z.string().optional(), link: z.boolean().optional() })) })

/** What each does when it is installed, as it was reviewed. */
const REVIEWED: Readonly<Record<string, { allowed: boolean, why: string }>> = {
  'node': { allowed: true, why: 'puts the binary of Node 24, itself a pinned package, where npm scripts find it' },
  'onnxruntime-node': { allowed: false, why: 'would download GPU libraries; the CPU ones come with the package' },
  '@swc/core': { allowed: false, why: 'would look whether its built binary came as a package; it did' },
  'protobufjs': { allowed: false, why: 'would say that a version does not fit' },
  '@parcel/watcher': { allowed: false, why: 'would compile itself on request; a built binary comes as a package' },
}

it('lets no package run a script at installation that nobody has reviewed', async () => {
  const { packages } = await read('package-lock.json', Lock)
  const { allowScripts } = await read('package.json', z.object({ allowScripts: z.record(z.string(), z.boolean()) }))
  const withScripts = Object.entries(packages).filter(([, entry]) => entry.hasInstallScript === true).map(([path]) => path.replace(/^.*node_modules\//, ''))

  expect(withScripts.toSorted()).toEqual(Object.keys(REVIEWED).toSorted())
  expect(allowScripts).toEqual(Object.fromEntries(Object.entries(REVIEWED).map(([name, { allowed }]) => [name, allowed])))
})

/** Native code for other platforms than the one that the lock file was made on, by a registry that lacks it: the version alone is pinned. */
const WITHOUT_HASH = ['darwin-arm64', 'linux-arm64-gnu', 'linux-arm64-musl', 'win32-arm64-msvc', 'win32-x64-msvc'].map(platform => `node_modules/@lancedb/lancedb-${platform}`)

it('takes packages from the registry only, each with its hash', async () => {
  const { packages } = await read('package-lock.json', Lock)
  const fetched = Object.entries(packages).filter(([path, { link }]) => path.includes('node_modules/') && link !== true)

  expect(fetched.length).toBeGreaterThan(100)
  expect(fetched.filter(([, { integrity }]) => integrity === undefined).map(([path]) => path)).toEqual(WITHOUT_HASH)
  expect(fetched.filter(([, { resolved }]) => resolved !== undefined && !resolved.startsWith('https://registry.npmjs.org/')).map(([path]) => path)).toEqual([])
})
