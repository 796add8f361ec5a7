import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Connection } from '@temporalio/client'
import type { TemporalAddress } from '../tasks/temporal/connection.ts'

const DIR = join(import.meta.dirname, '../../../e2e/temporal')
/** The first start fetches jars, or builds the server. */
const START_TIMEOUT = { test: 120_000, full: 900_000 }

export interface TestTemporal extends TemporalAddress {
  readonly pid: number
  stop(): Promise<void>
  /** Stops it, and starts it again at the same address; the full one has kept what it knew. */
  goAway(): Promise<void>
  comeBack(): Promise<void>
}

/** The settings of a companion or worker of a cluster. */
export const clusterEnv = ({ address }: TemporalAddress): Record<string, string> =>
  ({ SIMILARITY_ENGINE: 'temporal', SIMILARITY_STORE: 'elasticsearch', TEMPORAL_ADDRESS: address })

/** A real Temporal on a free port of the loopback: its test server, in memory, or the full one. */
export async function startTemporal(kind: 'test' | 'full' = 'test'): Promise<TestTemporal> {
  const home = await mkdtemp(join(tmpdir(), 'similarity-temporal-'))
  const port = await freePort()
  const address = `127.0.0.1:${port}`
  let server = run(kind, port, home)
  const stop = async (): Promise<void> => {
    await server.stop()
    await rm(home, { recursive: true, force: true })
  }
  try {
    await answers(address, server.ended, START_TIMEOUT[kind])
  } catch (error) {
    await stop()
    throw error
  }
  return {
    get pid() { return server.pid },
    address,
    namespace: 'datashare-default',
    stop,
    goAway: () => server.stop(),
    async comeBack() {
      server = run(kind, port, home)
      await answers(address, server.ended, START_TIMEOUT[kind])
    },
  }
}

function run(kind: 'test' | 'full', port: number, home: string): { pid: number, ended: Promise<never>, stop: () => Promise<void> } {
  const server = spawn(join(DIR, 'run.sh'), [kind, String(port), join(home, 'temporal.db')], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  server.stderr.on('data', (chunk: Buffer) => { said = (said + chunk.toString()).slice(-2_000) })
  const kill = (): void => void server.kill('SIGTERM')
  process.once('exit', kill)
  const exited = new Promise<void>(resolve => server.once('exit', () => resolve()))
  const ended = exited.then((): never => { throw new Error(`Temporal ended: ${said}`) })
  ended.catch(() => undefined)
  return {
    pid: server.pid ?? 0,
    ended,
    async stop() {
      kill()
      await exited
      process.removeListener('exit', kill)
    },
  }
}

/** Asks until it is there. */
async function answers(address: string, ended: Promise<never>, timeout: number): Promise<void> {
  const connection = await Promise.race([Connection.connect({ address, connectTimeout: timeout }), ended])
  await connection.close()
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}
