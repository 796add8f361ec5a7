import { readFile, readdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DocumentRef, DocumentSource, SourceDocument } from '../datashare/source.ts'
import type { Embedders } from '../embedding/embedder.ts'
import { openEmbedders } from '../embedding/embedders.ts'
import type { CacheBytes } from '../store/lancedb/tables.ts'
import { log } from './chain.ts'
import { openLocalChain } from './local-chain.ts'
import { createMemoryDocuments, prose } from './memory-documents.ts'

const MEGABYTE = 1_000_000
const SAMPLE_MS = 100
/** Up to here models, pools and caches fill. */
const WARM_UP = 1 / 3
/** Points of the slope. */
const POINTS = 30

export interface MemoryReport {
  readonly documents: number
  readonly passages: number
  readonly seconds: number
  readonly processes: number
  /** Resident, of this process and of its children, in MB. */
  readonly peakMegabytes: { readonly total: number, readonly main: number, readonly children: number }
  /** After the warm-up, of the straight line that fits best, in MB per 1,000 documents; without JavaScript's garbage where node runs with --expose-gc. */
  readonly slopeMegabytes: { readonly total: number, readonly main: number, readonly children: number }
  /** Along the way, at each tenth. */
  readonly course: readonly { readonly documents: number, readonly main: number, readonly children: number }[]
}

interface Sample {
  readonly documents: number
  readonly main: number
  readonly children: number
  readonly processes: number
}

/** The bundled model, as the companion opens it. */
export const openModel = (defaultModel = 'all-MiniLM-L6-v2'): Promise<Embedders> =>
  openEmbedders({ defaultModel, threads: availableParallelism(), log })

/** So small that they are full at once: what grows then is no cache. */
const SMALL_CACHES: CacheBytes = { index: 2_000_000n, metadata: 2_000_000n }

/** Vectorizes so many generated documents with the real store and ledger, and watches this process and its children. Linux only. */
export async function measureMemory(embedders: Embedders, documents: number, characters: number, { smallCaches }: { smallCaches: boolean }): Promise<MemoryReport> {
  await using chain = await openLocalChain(embedders, {
    source: { ...createMemoryDocuments(), ...generated(documents, characters) }, cacheBytes: smallCaches ? SMALL_CACHES : undefined,
  })
  const samples: Sample[] = []
  const points: Sample[] = []
  const started = performance.now()
  const { id } = await chain.engine.start(chain.project, { mode: 'update' })
  let task = await chain.task(id)
  while (task.completedAt === null) {
    const { done } = task.counts
    samples.push({ documents: done, ...await residentMemory() })
    if (done < documents && done >= documents * points.length / POINTS) points.push({ documents: done, ...await settledMemory() })
    await sleep(SAMPLE_MS)
    task = await chain.task(id)
  }
  const { state, counts } = task
  if (state !== 'DONE' || counts.done !== documents) throw new Error(`the chain ended ${state} with ${counts.done} of ${documents} documents`)
  return report(samples, points, counts, (performance.now() - started) / 1_000)
}

/** Made when read, so that the documents themselves take no room. */
function generated(documents: number, characters: number): Pick<DocumentSource, 'scan' | 'fetch' | 'count'> {
  const ref = (number: number): DocumentRef => ({ id: `d${number}`, rootId: `d${number}`, extractionDate: '2026-01-01', characters })
  const read = (it: DocumentRef): SourceDocument => ({
    ...it, content: prose(Number(it.id.slice(1)), characters), parentId: null, title: it.id, path: `/vault/${it.id}`, dirname: '/vault',
    contentType: 'text/plain', language: 'ENGLISH', creationDate: null, truncated: false,
  })
  return {
    // eslint-disable-next-line @typescript-eslint/require-await -- the port reads from afar
    async* scan() {
      for (let from = 0; from < documents; from += 1_000) yield Array.from({ length: Math.min(1_000, documents - from) }, (_, index) => ref(from + index))
    },
    // eslint-disable-next-line @typescript-eslint/require-await -- the port reads from afar
    async* fetch(_project, refs) {
      for (const it of refs) yield read(it)
    },
    count: () => Promise.resolve({ documents, characters: documents * characters }),
  }
}

/** Seldom, so that the peak stays what it is without. */
function settledMemory(): Promise<Omit<Sample, 'documents'>> {
  globalThis.gc?.()
  return residentMemory()
}

/** Of a process and of those below it, in MB. */
export async function residentMemory(pid = process.pid): Promise<Omit<Sample, 'documents'>> {
  const children = await descendants(pid)
  const resident = await Promise.all(children.map(residentOf))
  return { main: await residentOf(pid), children: resident.reduce((sum, megabytes) => sum + megabytes, 0), processes: 1 + children.length }
}

/** Ids of the processes below one. */
export async function descendants(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => [])
  const lists = await Promise.all(threads.map(thread => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')))
  const children = lists.flatMap(list => list.split(' ').filter(Boolean).map(Number))
  return [...children, ...(await Promise.all(children.map(descendants))).flat()]
}

async function residentOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1_024 / MEGABYTE
}

function report(samples: readonly Sample[], points: readonly Sample[], { done, passages }: { done: number, passages: number }, seconds: number): MemoryReport {
  const round = (value: number): number => Math.round(value * 10) / 10
  const total = ({ main, children }: Sample): number => main + children
  const peak = (of: (sample: Sample) => number): number => round(Math.max(...samples.map(of)))
  const warm = points.filter(({ documents }) => documents >= done * WARM_UP)
  const slope = (of: (sample: Sample) => number): number => round(slopeOf(warm.map(sample => [sample.documents / 1_000, of(sample)])))
  const course = Array.from({ length: 10 }, (_, tenth) => samples.find(({ documents }) => documents >= done * tenth / 10)).filter(sample => sample !== undefined)
  return {
    documents: done, passages, seconds: round(seconds), processes: Math.max(...samples.map(({ processes }) => processes)),
    peakMegabytes: { total: peak(total), main: peak(({ main }) => main), children: peak(({ children }) => children) },
    slopeMegabytes: { total: slope(total), main: slope(({ main }) => main), children: slope(({ children }) => children) },
    course: course.map(({ documents, main, children }) => ({ documents, main: round(main), children: round(children) })),
  }
}

/** Theil and Sen's: the median of the slopes between any two points, so that a few that were taken while something was being built do not tilt it. */
function slopeOf(points: readonly (readonly [number, number])[]): number {
  const slopes = points.flatMap(([x, y], index) => points.slice(index + 1).filter(([other]) => other > x).map(([otherX, otherY]) => (otherY - y) / (otherX - x)))
  const sorted = slopes.toSorted((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
