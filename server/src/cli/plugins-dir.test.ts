import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDatashareStandIn } from '../demo/datashare-stand-in.ts'
import { runCli } from '../testing/companion.ts'
import { createEditableDocuments } from '../testing/editable-documents.ts'
import { serveHttp } from '../testing/http.ts'
import { usualPluginsDirs } from './plugins-dir.ts'

const NOWHERE = 'http://127.0.0.1:9'

it.each([
  { platform: 'linux' as const, home: '/home/ada', env: {}, expected: ['/home/ada/.local/share/datashare/plugins', '/home/ada/snap/datashare/common/plugins', '/home/datashare/plugins'] },
  { platform: 'darwin' as const, home: '/Users/ada', env: {}, expected: ['/Users/ada/.local/share/datashare/plugins', '/Users/ada/Library/datashare/plugins'] },
  { platform: 'win32' as const, home: '/C/Users/ada', env: { APPDATA: '/C/Users/ada/AppData/Roaming' }, expected: ['/C/Users/ada/.local/share/datashare/plugins', '/C/Users/ada/AppData/Roaming/Datashare/plugins'] },
  { platform: 'linux' as const, home: '/home/ada', env: { DATASHARE_HOME: '/srv/datashare' }, expected: ['/srv/datashare/plugins'] },
])('looks on $platform where Datashare\'s packages keep plugins', ({ platform, home, env, expected }) => {
  expect(usualPluginsDirs({ platform, home, env })).toEqual(expected)
})

describe('plugin install without a folder', () => {
  let home: string
  beforeAll(async () => { home = await mkdtemp(join(tmpdir(), 'similarity-plugins-')) })
  afterAll(() => rm(home, { recursive: true, force: true }))

  const install = (datashareUrl: string, env: Record<string, string> = {}) => runCli(['plugin', 'install'], { HOME: home, DATASHARE_URL: datashareUrl, ...env })

  it('says where it has looked when there is none, and names those there are when there are several', async () => {
    const none = await install(NOWHERE)
    const two = [join(home, '.local/share/datashare/plugins'), join(home, process.platform === 'darwin' ? 'Library/datashare/plugins' : 'snap/datashare/common/plugins')]
    for (const folder of two) await mkdir(folder, { recursive: true })
    const several = await install(NOWHERE)
    await rm(two[1]!, { recursive: true })

    expect(none.code).toBe(1)
    expect(none.stderr).toContain(two[0])
    expect(none.stderr).toContain('--plugins-dir')
    expect(several.code).toBe(1)
    for (const folder of two) expect(several.stderr).toContain(folder)
  })

  it('takes the folder that the running Datashare names, before any other, and replaces an earlier version there', async () => {
    const own = join(home, 'own')
    await mkdir(join(own, 'datashare-plugin-similarity-0.0.9'), { recursive: true })
    await writeFile(join(own, 'datashare-plugin-similarity-0.0.9', 'package.json'), JSON.stringify({ name: 'datashare-plugin-similarity', version: '0.0.9' }))
    await mkdir(join(own, 'datashare-plugin-other'))
    await using datashare = await serveHttp(express().use(createDatashareStandIn({ mode: 'LOCAL', documents: createEditableDocuments({}), settings: { pluginsDir: own } })))
    const { code, stdout } = await install(datashare.url)

    expect(code).toBe(0)
    const [other, installed, ...rest] = (await readdir(own)).sort()
    expect([other, rest]).toEqual(['datashare-plugin-other', []])
    expect(stdout).toContain(join(own, installed!))
    expect((await readdir(join(own, installed!))).sort()).toEqual(['LICENSE', 'README.md', 'dist', 'package.json'])
  })
})
