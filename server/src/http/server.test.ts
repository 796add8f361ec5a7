import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { HttpServer, listenOn, stopServer } from './server.ts'

/** More than the buffers of a connection hold. */
const BYTES = 32_000_000

it('an answer that was handed over, but is not wholly sent, is not cut when the server stops', async () => {
  const answered = Promise.withResolvers<ServerResponse>()
  const server = await listenOn(new HttpServer((_request, response) => {
    response.writeHead(200, { 'Content-Length': BYTES }).end(Buffer.alloc(BYTES))
    answered.resolve(response)
  }), { host: '127.0.0.1', port: 0 })
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  const { writableEnded, writableFinished } = await answered.promise

  const stopped = stopServer(server, new AbortController())
  let received = 0
  client.on('data', (chunk: Buffer) => { received += chunk.length })
  await Promise.all([stopped, once(client, 'close')])

  expect({ writableEnded, writableFinished }).toEqual({ writableEnded: true, writableFinished: false })
  expect(received).toBeGreaterThan(BYTES)
})

it('requests that were sent before the server stops are answered, though their connections were still waiting to be taken', async () => {
  const server = await listenOn(new HttpServer((_request, response) => { response.end('answered') }), { host: '127.0.0.1', port: 0 })
  const { port } = server.address() as AddressInfo
  const clients = Array.from({ length: 30 }, () => connect(port, '127.0.0.1'))
  const answers = clients.map(client => text(client).catch(() => 'reset'))
  for (const client of clients) client.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  await Promise.all(clients.map(client => once(client, 'connect')))

  await stopServer(server, new AbortController())

  expect((await Promise.all(answers)).filter(answer => !answer.includes('answered'))).toEqual([])
})
