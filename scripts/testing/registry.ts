import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename } from 'node:path'

export interface Registry extends AsyncDisposable {
  readonly url: string
}

interface Manifest { readonly name: string, readonly version: string }

/**
 * A package registry that has one more package than the one that npm is set to, as if the archive had been published there.
 * Everything else it leaves to that one.
 */
export async function publishLocally(archive: string): Promise<Registry> {
  const upstream = npm('config', 'get', 'registry')
  const manifest = JSON.parse(execFileSync('tar', ['xzOf', archive, 'package/package.json'], { encoding: 'utf8' })) as Manifest
  const bytes = readFileSync(archive)
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    if (path === `/${basename(archive)}`) {
      response.end(bytes)
    } else if (path === `/${manifest.name}`) {
      const dist = { tarball: `${url}/${basename(archive)}`, integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}` }
      // That a package brings its lock file, a registry notes when it is published.
      const versions = { [manifest.version]: { ...manifest, dist, _hasShrinkwrap: true } }
      const tags = { latest: manifest.version }
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ 'name': manifest.name, 'dist-tags': tags, versions }))
    } else {
      response.writeHead(302, { Location: new URL(path.slice(1), upstream).href }).end()
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

function npm(...args: string[]): string {
  return execFileSync('npm', args, { encoding: 'utf8', shell: process.platform === 'win32' }).trim()
}
