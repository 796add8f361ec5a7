import type { Pagination } from '@datashare-similarity/shared'
import { reactive, ref, shallowRef } from 'vue'
import { toApiError, type ApiError } from '../api/problem.ts'
import type { DataState } from './data-state.ts'

export interface Page { readonly from: number, readonly size: number }
export interface Paged<T> { readonly items: T[], readonly pagination: Pagination }

/** A list of the companion, one page of it at a time. What was shown stays until the next page is there. */
export function createPagedList<T>(read: (page: Page) => Promise<Paged<T>>, size: number) {
  const state = ref<DataState>('idle')
  const items = shallowRef<readonly T[]>([])
  const total = ref(0)
  const from = ref(0)
  const error = shallowRef<ApiError | null>(null)
  let asked = 0

  async function load(start = from.value): Promise<void> {
    const turn = asked += 1
    if (state.value !== 'success') state.value = 'pending'
    try {
      const page = await read({ from: start, size })
      if (turn !== asked) return
      items.value = page.items
      total.value = page.pagination.total
      from.value = start
      error.value = null
      state.value = 'success'
    } catch (fault) {
      if (turn !== asked) return
      error.value = toApiError(fault)
      if (state.value === 'pending') state.value = 'error'
    }
    // The last ones of the last page may have gone since.
    if (items.value.length === 0 && from.value > 0 && error.value === null) await load(Math.max(0, from.value - size))
  }

  return reactive({ state, items, total, from, error, size, load })
}
