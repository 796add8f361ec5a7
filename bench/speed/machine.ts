import { readFile } from 'node:fs/promises'
import { availableParallelism, cpus, totalmem } from 'node:os'

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly gigabytes: number
  readonly node: string
  /** What the kernels of int8 and half-precision models can use; empty where the system does not tell. */
  readonly flags: readonly string[]
}

const FLAGS = ['avx2', 'avx512f', 'avx512_vnni', 'avx_vnni', 'avx512_bf16', 'amx_int8', 'amx_bf16', 'asimddp', 'i8mm']

export async function machine(): Promise<Machine> {
  const text = await readFile('/proc/cpuinfo', 'utf8').catch(() => '')
  const known = new Set(/^(?:flags|Features)\s*:(.*)$/m.exec(text)?.[1]?.trim().split(/\s+/) ?? [])
  return {
    processor: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), gigabytes: Math.round(totalmem() / 2 ** 30), node: process.version,
    flags: FLAGS.filter(flag => known.has(flag)),
  }
}

/** Only there is the speed of int8 judged: elsewhere figures are printed. */
export const hasFastIntegers = ({ flags }: Machine): boolean => flags.some(flag => flag.endsWith('vnni') || flag === 'amx_int8')
