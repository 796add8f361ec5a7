// The client that Prometheus itself names: its text format, buckets and the figures of the process are not ours to write again.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Coverage, ErrorCode } from '@datashare-similarity/shared'

/** A part of a search: three lists, and what is around them. */
export type SearchStep = 'embedding' | 'meaning' | 'words' | 'documents' | 'fusion' | 'hydration'

/** What is asked for at each scrape. */
export interface Gauges {
  readonly searches: () => { running: number, waiting: number }
  /** Chains by state. */
  readonly chains: () => Promise<Readonly<Record<string, number>>>
  /** As last compared with Datashare, by generation. */
  readonly coverage: () => Promise<{ generation: string, coverage: Coverage }[]>
}

/**
 * What is counted and measured. Labels are names and codes of our own, and ids of generations: these are random, so that who reads the metrics
 * learns no project's name, while who may read a project finds its generation in its status. A hash of the name would be found by guessing.
 */
export type Metrics = ReturnType<typeof createMetrics>

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

export function createMetrics(version: string) {
  const registry = new Registry()
  const registers = [registry]
  const requests = new Histogram({ name: 'similarity_request_duration_seconds', help: 'Requests answered, by endpoint and status', labelNames: ['endpoint', 'status'], buckets: SECONDS, registers })
  const problems = new Counter({ name: 'similarity_problems_total', help: 'Problems answered, by code', labelNames: ['code'], registers })
  const queries = new Counter({ name: 'similarity_queries_total', help: 'Queries and groups of examples searched, by mode', labelNames: ['mode'], registers })
  const degraded = new Counter({ name: 'similarity_degraded_searches_total', help: 'Searches answered by words only, because the model was not available', registers })
  const steps = new Histogram({ name: 'similarity_search_step_duration_seconds', help: 'Parts of searches: embedding, the lists meaning, words and documents, fusion, hydration', labelNames: ['step'], buckets: SECONDS, registers })
  const passages = new Counter({ name: 'similarity_embedded_passages_total', help: 'Passages of documents embedded', registers })
  const characters = new Counter({ name: 'similarity_embedded_characters_total', help: 'Characters of the passages embedded', registers })
  const documents = new Counter({ name: 'similarity_written_documents_total', help: 'Documents written by vectorizations, by status', labelNames: ['status'], registers })
  const failures = new Counter({ name: 'similarity_failed_documents_total', help: 'Documents that could not be vectorized, by code', labelNames: ['code'], registers })
  new Gauge({ name: 'similarity_info', help: 'Version of the companion', labelNames: ['version'], registers }).set({ version }, 1)

  const timed = async <T>(step: SearchStep, work: () => Promise<T>): Promise<T> => {
    const end = steps.startTimer({ step })
    try {
      return await work()
    } finally {
      end()
    }
  }

  return {
    contentType: registry.contentType,
    text: (): Promise<string> => registry.metrics(),
    timed,
    timedAtOnce<T>(step: SearchStep, work: () => T): T {
      const end = steps.startTimer({ step })
      try {
        return work()
      } finally {
        end()
      }
    },
    answered: (endpoint: string, status: number, seconds: number): void => requests.observe({ endpoint, status }, seconds),
    refused: (code: ErrorCode): void => problems.inc({ code }),
    searched: (mode: string, groups: number, isDegraded: boolean): void => {
      queries.inc({ mode }, groups)
      if (isDegraded) degraded.inc()
    },
    embedded: (texts: readonly string[]): void => {
      passages.inc(texts.length)
      characters.inc(texts.reduce((sum, text) => sum + text.length, 0))
    },
    written: (status: string, reason: string | null): void => {
      documents.inc({ status })
      if (status === 'failed') failures.inc({ code: reason ?? 'document_failed' })
    },
    /** What is only worth asking where somebody scrapes. */
    scraped: (gauges: Gauges): void => {
      collectDefaultMetrics({ register: registry })
      registerGauges(registry, gauges)
    },
  }
}

function registerGauges(registry: Registry, gauges: Gauges): void {
  const registers = [registry]
  new Gauge({
    name: 'similarity_searches', help: 'Searches under way, and those that wait for their turn', labelNames: ['state'], registers,
    collect() {
      const { running, waiting } = gauges.searches()
      this.set({ state: 'running' }, running)
      this.set({ state: 'waiting' }, waiting)
    },
  })
  new Gauge({
    name: 'similarity_chains', help: 'Vectorizations on record, by state', labelNames: ['state'], registers,
    async collect() {
      this.reset()
      for (const [state, count] of Object.entries(await gauges.chains())) this.set({ state }, count)
    },
  })
  new Gauge({
    name: 'similarity_coverage_documents', help: 'Documents of a project by status, as last compared with Datashare; the project is named by its generation', labelNames: ['generation', 'status'], registers,
    async collect() {
      this.reset()
      for (const { generation, coverage } of await gauges.coverage()) {
        for (const [status, count] of Object.entries(coverage)) this.set({ generation, status }, count)
      }
    },
  })
}
