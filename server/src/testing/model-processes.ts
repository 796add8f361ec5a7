import { execFileSync } from 'node:child_process'
import { Writable } from 'node:stream'
import type { EmbeddedPassage } from '../embedding/embedder.ts'
import { createLogger, type Logger } from '../log.ts'

export interface Start { pid: number, background: boolean, model: string }

/** A log that tells which processes were started, and warns of. */
export function listen(onStart: (start: Start) => void = () => undefined): { log: Logger, starts: Start[], warnings: Record<string, unknown>[] } {
  const starts: Start[] = []
  const warnings: Record<string, unknown>[] = []
  const destination = new Writable({
    write: (line: Buffer, _encoding, done) => {
      const entry = JSON.parse(line.toString()) as Start & { msg: string, level: number }
      if (entry.msg === 'model process started') {
        starts.push(entry)
        onStart(entry)
      }
      if (entry.level === 40) warnings.push({ ...entry })
      done()
    },
  })
  return { log: createLogger('info', destination), starts, warnings }
}

/** Ids of the model processes of this one, those that still load included. */
export function modelProcesses(): number[] {
  return execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n')
    .map(line => /^\s*(\d+)\s+(\d+)\s.*embedding\/process/.exec(line))
    .filter(match => match?.[2] === String(process.pid))
    .map(match => Number(match?.[1]))
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

export const sentence = (index: number): string => `In year ${1900 + index} the ${['trust', 'bank', 'agent', 'broker'][index % 4] ?? ''} number ${index} moved money to another island.`
export const report = (sentences: number): string => Array.from({ length: sentences }, (_, index) => sentence(index)).join(' ')

export async function all(groups: AsyncIterable<EmbeddedPassage[]>): Promise<EmbeddedPassage[]> {
  const passages: EmbeddedPassage[] = []
  for await (const group of groups) passages.push(...group)
  return passages
}
