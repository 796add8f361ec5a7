import { nextTick, onScopeDispose, ref, watch, type Ref } from 'vue'

/** How long items are added at a stretch: to draw them takes as long again, and a task of the page should end within 50 ms. */
const STRETCH_MS = 5
/** About a frame: what was added is drawn before more comes. */
const PAUSE_MS = 16

/** Of each list that is not whole yet, what adds an item to it. The lists of a page share the time, from the first on. */
const growing = new Set<() => void>()
let timer: ReturnType<typeof setTimeout> | undefined

function goOn(): void {
  clearTimeout(timer)
  if (growing.size > 0) timer = setTimeout(() => void grow(), PAUSE_MS)
}

async function grow(): Promise<void> {
  const start = performance.now()
  for (const add of growing) {
    add()
    await nextTick()
    if (performance.now() - start > STRETCH_MS) break
  }
  goOn()
}

/** Of a list: what has stood in the page before stands again at once, so that a reader finds his place. */
const standing = new WeakMap<object, Ref<number>>()

/** How many of a list's items to show: one at once, the others a little later, as many at a time as the machine is quick, so that a long list does not hold it up. */
export function useGradual(list: object, count: () => number): Readonly<Ref<number>> {
  const shown = standing.get(list) ?? ref(0)
  standing.set(list, shown)
  const add = (): void => {
    shown.value = Math.min(count(), shown.value + 1)
    growing.delete(add)
    if (shown.value < count()) growing.add(add)
  }
  watch(count, (now, before = 0) => {
    if (now <= before) return
    add()
    goOn()
  }, { immediate: true })
  onScopeDispose(() => growing.delete(add))
  return shown
}
