import { LIMITS, type Coverage, type ResultGroup, type SimilarAnswer, type SimilarDocument, type SimilarRequest } from '@datashare-similarity/shared'
import { computed, reactive, ref, shallowReactive, shallowRef } from 'vue'
import type { SimilarityApi } from '../api/client.ts'
import { toApiError, type ApiError } from '../api/problem.ts'
import type { AsyncStatus, DataState } from './data-state.ts'

const PAGE_SIZE = 10

/** The results of one question, or of all examples together. It grows page by page within one generation. */
export interface ResultsOfQuery {
  readonly query: ResultGroup['query']
  documents: SimilarDocument[]
  hasMore: boolean
  from: number
  asyncStatus: AsyncStatus
  /** Why the next page did not come. */
  error: ApiError | null
}

/** All that was found for one request, a group for each question. */
export type ResultList = ReturnType<typeof createResultList>

export function createResultList(api: SimilarityApi) {
  const state = ref<DataState>('idle')
  const error = shallowRef<ApiError | null>(null)
  const groups = shallowRef<ResultsOfQuery[]>([])
  const answer = shallowRef<SimilarAnswer | null>(null)
  const asked = shallowRef<{ project: string, request: SimilarRequest } | null>(null)
  /** The vectors were replaced while the reader was reading, so the results began anew. */
  const isRenewed = ref(false)
  let controller = new AbortController()

  const generation = computed(() => answer.value?.generation ?? null)
  const coverage = computed<Coverage | null>(() => answer.value?.coverage ?? null)
  const degraded = computed(() => answer.value?.degraded ?? null)
  /** Of the document that the results resemble. */
  const copies = computed(() => answer.value?.results.find(({ query }) => 'like' in query)?.copies ?? [])
  const count = computed(() => new Set(groups.value.flatMap(({ documents }) => documents.map(({ documentId }) => documentId))).size)
  const hasMore = computed(() => groups.value.some(group => group.hasMore))

  /** Asks anew; what is still on its way is dropped. */
  async function ask(project: string, request: SimilarRequest): Promise<void> {
    reset()
    const { signal } = controller
    asked.value = { project, request }
    state.value = 'pending'
    try {
      const page = await api.similar(project, { ...request, size: PAGE_SIZE, from: 0, generation: null }, signal)
      if (signal.aborted) return
      answer.value = page
      groups.value = page.results.map(group => shallowReactive<ResultsOfQuery>({ ...group, from: 0, hasMore: group.hasMore, asyncStatus: 'idle', error: null }))
      state.value = 'success'
    } catch (fault) {
      if (signal.aborted) return
      error.value = toApiError(fault)
      state.value = 'error'
    }
  }

  async function retry(): Promise<void> {
    if (asked.value !== null) await ask(asked.value.project, asked.value.request)
  }

  /** The next page of one group. */
  async function more(group: ResultsOfQuery): Promise<void> {
    if (asked.value === null || group.asyncStatus === 'loading') return
    const { project, request } = asked.value
    const { signal } = controller
    const from = group.from + PAGE_SIZE
    group.error = null
    group.asyncStatus = 'loading'
    try {
      const page = await api.similar(project, { ...requestOfGroup(request, group), size: PAGE_SIZE, from, generation: generation.value }, signal)
      if (!signal.aborted) grow(group, from, page.results[0])
    } catch (fault) {
      if (!signal.aborted) await fail(group, toApiError(fault))
    }
  }

  function grow(group: ResultsOfQuery, from: number, page: ResultGroup | undefined): void {
    const known = new Set(group.documents.map(({ documentId }) => documentId))
    group.documents = [...group.documents, ...page?.documents.filter(({ documentId }) => !known.has(documentId)) ?? []]
    group.from = from
    group.hasMore = (page?.hasMore ?? false) && from + 2 * PAGE_SIZE <= LIMITS.window
    group.asyncStatus = 'idle'
  }

  async function fail(group: ResultsOfQuery, fault: ApiError): Promise<void> {
    // The pages seen so far belong to vectors that are gone: only the first page of the new ones can follow.
    if (fault.code === 'generation_changed') {
      await retry()
      isRenewed.value = true
      return
    }
    group.error = fault
    group.asyncStatus = 'idle'
  }

  function reset(): void {
    controller.abort()
    controller = new AbortController()
    state.value = 'idle'
    error.value = null
    groups.value = []
    answer.value = null
    asked.value = null
    isRenewed.value = false
  }

  return reactive({ state, error, groups, asked, generation, coverage, degraded, count, copies, hasMore, isRenewed, ask, more, retry, reset })
}

function requestOfGroup(request: SimilarRequest, { query }: ResultsOfQuery): SimilarRequest {
  return 'text' in query ? { ...request, queries: [query.text], like: [] } : { ...request, queries: [] }
}
