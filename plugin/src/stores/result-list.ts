import { LIMITS, type Coverage, type SimilarAnswer, type SimilarDocument, type SimilarRequest } from '@datashare-similarity/shared'
import { computed, reactive, ref, shallowRef } from 'vue'
import type { SimilarityApi } from '../api/client.ts'
import { toApiError, type ApiError } from '../api/problem.ts'
import type { AsyncStatus, DataState } from './data-state.ts'

const PAGE_SIZE = 10

/** One list of results: of a document, or of a question. It grows page by page within one generation. */
export type ResultList = ReturnType<typeof createResultList>

export function createResultList(api: SimilarityApi) {
  const state = ref<DataState>('idle')
  const asyncStatus = ref<AsyncStatus>('idle')
  const error = shallowRef<ApiError | null>(null)
  const documents = shallowRef<SimilarDocument[]>([])
  const answer = shallowRef<SimilarAnswer | null>(null)
  const asked = shallowRef<{ project: string, request: SimilarRequest } | null>(null)
  let from = 0
  let controller = new AbortController()

  const generation = computed(() => answer.value?.generation ?? null)
  const coverage = computed<Coverage | null>(() => answer.value?.coverage ?? null)
  const degraded = computed(() => answer.value?.degraded ?? null)
  /** Of the document that the results resemble. */
  const copies = computed(() => answer.value?.results[0]?.copies ?? [])
  const hasMore = computed(() => (answer.value?.results[0]?.hasMore ?? false) && from + PAGE_SIZE < LIMITS.window)

  /** Asks anew; what is still on its way is dropped. */
  async function ask(project: string, request: SimilarRequest): Promise<void> {
    reset()
    asked.value = { project, request }
    state.value = 'pending'
    await load(0)
  }

  async function more(): Promise<void> {
    if (asyncStatus.value === 'idle') await load(from + PAGE_SIZE)
  }

  /** Does again what failed: the first page, or the next one. */
  async function retry(): Promise<void> {
    if (state.value === 'success' && error.value !== null) await more()
    else if (asked.value !== null) await ask(asked.value.project, asked.value.request)
  }

  function reset(): void {
    controller.abort()
    controller = new AbortController()
    state.value = 'idle'
    asyncStatus.value = 'idle'
    error.value = null
    documents.value = []
    answer.value = null
    asked.value = null
    from = 0
  }

  async function load(position: number): Promise<void> {
    if (asked.value === null) return
    const { project, request } = asked.value
    const { signal } = controller
    error.value = null
    asyncStatus.value = 'loading'
    try {
      const page = await api.similar(project, { ...request, size: PAGE_SIZE, from: position, generation: position === 0 ? null : generation.value }, signal)
      if (!signal.aborted) accept(page, position)
    } catch (fault) {
      if (!signal.aborted) await fail(toApiError(fault), project, request)
    }
  }

  function accept(page: SimilarAnswer, position: number): void {
    const known = new Set(documents.value.map(({ documentId }) => documentId))
    const fresh = page.results[0]?.documents.filter(({ documentId }) => !known.has(documentId)) ?? []
    from = position
    documents.value = [...documents.value, ...fresh]
    answer.value = page
    state.value = 'success'
    asyncStatus.value = 'idle'
  }

  async function fail(fault: ApiError, project: string, request: SimilarRequest): Promise<void> {
    // The pages seen so far belong to vectors that are gone: only the first page of the new ones can follow.
    if (fault.code === 'generation_changed' && state.value === 'success') {
      await ask(project, request)
      return
    }
    error.value = fault
    asyncStatus.value = 'idle'
    if (state.value !== 'success') state.value = 'error'
  }

  return reactive({ state, asyncStatus, error, documents, asked, generation, coverage, degraded, copies, hasMore, ask, more, retry, reset })
}
