import { request as ask, type IncomingMessage, type ServerResponse } from 'node:http'
import { serveHttp, type TestServer } from './http.ts'

/**
 * How proxies say by which name they were called: pass the Host on, as most guides advise; or call the inner server by its own name,
 * and say the outer one in X-Forwarded-Host, whatever came there, or beside what came there.
 */
export type ProxyManners = 'keeps Host' | 'sets X-Forwarded-Host' | 'adds X-Forwarded-Host'

export interface ReverseProxy extends TestServer {
  manners: ProxyManners
  /** Addresses by the beginnings of paths, which they do not see; the longest that fits counts. */
  readonly routes: Map<string, string>
}

/** One origin in front of several servers. Headers and bodies pass as they came, byte for byte, but for those that say who asked whom. */
export async function startReverseProxy(): Promise<ReverseProxy> {
  const routes = new Map<string, string>()
  const server = await serveHttp((incoming, outgoing) => pass(incoming, outgoing, routes, proxy.manners))
  const proxy: ReverseProxy = { ...server, manners: 'keeps Host', routes }
  return proxy
}

function pass(incoming: IncomingMessage, outgoing: ServerResponse, routes: ReadonlyMap<string, string>, manners: ProxyManners): void {
  const path = incoming.url ?? '/'
  const [prefix, target] = [...routes].filter(([beginning]) => path.startsWith(beginning)).sort(([a], [b]) => b.length - a.length)[0] ?? []
  if (prefix === undefined || target === undefined) return void outgoing.writeHead(502).end()
  const { hostname, port, host } = new URL(target)
  const inner = ask({ hostname, port, method: incoming.method, path: `/${path.slice(prefix.length)}`, headers: headersFor(incoming, host, manners), agent: false }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
    answer.pipe(outgoing)
  })
  inner.on('error', () => outgoing.destroy())
  outgoing.on('close', () => inner.destroy())
  incoming.pipe(inner)
}

/** As name and value in turn, so that Node changes nothing. */
function headersFor({ rawHeaders, headers, socket }: IncomingMessage, target: string, manners: ProxyManners): string[] {
  const replaced = new Set(['connection', 'x-forwarded-for', 'x-forwarded-proto', ...manners === 'keeps Host' ? [] : ['host'], ...manners === 'sets X-Forwarded-Host' ? ['x-forwarded-host'] : []])
  const pairs = Array.from({ length: rawHeaders.length / 2 }, (_, index) => rawHeaders.slice(index * 2, index * 2 + 2))
  const kept = pairs.filter(([name = '']) => !replaced.has(name.toLowerCase())).flat()
  const named = manners === 'keeps Host' ? [] : ['Host', target, 'X-Forwarded-Host', headers.host ?? '']
  return [...kept, ...named, 'X-Forwarded-For', socket.remoteAddress ?? '', 'X-Forwarded-Proto', 'https', 'Connection', 'close']
}
