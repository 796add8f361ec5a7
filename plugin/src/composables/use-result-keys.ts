import type { Ref } from 'vue'

const STEPS: Record<string, 1 | -1> = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }
const RESULT = '[data-similarity-result]'
const LINK = '[data-similarity-title] [data-similarity-link]'

/**
 * Keys that go from result to result, while the focus is inside of one: j and the arrow down, k and the arrow up. They are
 * kept from Datashare's own shortcuts, which listen on the whole page.
 */
export function useResultKeys(root: Readonly<Ref<HTMLElement | null>>): (event: KeyboardEvent) => void {
  return (event) => {
    const step = STEPS[event.key]
    const { target } = event
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey || !(target instanceof HTMLElement)) return
    if (target.matches('input, textarea, select') || target.closest('[data-similarity-menu]')) return
    const results = [...root.value?.querySelectorAll<HTMLElement>(RESULT) ?? []]
    const at = results.findIndex(result => result.contains(target))
    if (at === -1) return
    event.preventDefault()
    event.stopPropagation()
    results[at + step]?.querySelector<HTMLElement>(LINK)?.focus()
  }
}
