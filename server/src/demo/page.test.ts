import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDemoPage } from './page.ts'

describe('the page of the demo', () => {
  let folder: string
  let server: Server | undefined

  const write = (path: string, text: string) => {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const open = () => createDemoPage({ pageDir: join(folder, 'page'), pluginDir: join(folder, 'plugin') })
  const get = async (path: string) => {
    server ??= await new Promise<Server>((resolve) => {
      const it = createServer(express().use(open()))
      it.listen(0, '127.0.0.1', () => resolve(it))
    })
    return fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`)
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'demo-page-'))
    write('page/index.html', '<html><head><title>page</title></head><body><div id="app"></div></body></html>')
    write('page/assets/index.js', 'export {}')
    write('plugin/package.json', JSON.stringify({ name: 'datashare-plugin-x', main: 'dist/index.umd.js', style: 'dist/style.css' }))
    write('plugin/dist/index.umd.js', '"$&"')
    write('plugin/dist/style.css', 'p{}')
    write('plugin/src/main.ts', 'secret')
  })
  afterEach(() => {
    server?.close()
    server?.closeAllConnections()
    server = undefined
    rmSync(folder, { recursive: true })
  })

  it('loads the plugin as Datashare does: one style in the head, one deferred classic script at the end', async () => {
    const html = await (await get('/')).text()
    expect(html).toContain('<link rel="stylesheet" href="/plugins/datashare-plugin-x/dist/style.css"></head>')
    expect(html).toContain('<script src="/plugins/datashare-plugin-x/dist/index.umd.js" defer></script></body>')
  })

  it('reads the page anew for each request', async () => {
    await get('/')
    write('page/index.html', '<html><head></head><body>rebuilt</body></html>')
    expect(await (await get('/')).text()).toContain('rebuilt')
  })

  it('serves scripts as text/javascript', async () => {
    expect((await get('/plugins/datashare-plugin-x/dist/index.umd.js')).headers.get('content-type')).toMatch(/^text\/javascript/)
    expect((await get('/assets/index.js')).headers.get('content-type')).toMatch(/^text\/javascript/)
  })

  it('serves of the plugin only package.json and dist', async () => {
    expect((await get('/plugins/datashare-plugin-x/package.json')).status).toBe(200)
    expect((await get('/plugins/datashare-plugin-x/src/main.ts')).status).toBe(404)
    expect((await get('/plugins/datashare-plugin-x/dist/..%2fsrc/main.ts')).status).not.toBe(200)
  })

  it.each(['page/index.html', 'plugin/dist/index.umd.js', 'plugin/dist/style.css'])('says to run the build when %s is missing', (path) => {
    rmSync(join(folder, path))
    expect(open).toThrow(/npm run build/)
  })
})
