import { nextTick, onScopeDispose, ref, watch, type Ref } from 'vue'

/** How long items are added at a stretch: to draw them takes as long again, and a task of the page should end within 50 ms. */
const STRETCH_MS = 5
/** About a frame: what was added is drawn before more comes. */
const PAUSE_MS = 16

/** Of a list: what has stood in the page before stands again at once, so that a reader finds his place. */
const standing = new WeakMap<object, Ref<number>>()

/** How many of a list's items to show: one at once, the others a little later, as many at a time as the machine is quick, so that a long list does not hold it up. */
export function useGradual(list: object, count: () => number): Readonly<Ref<number>> {
  const shown = standing.get(list) ?? ref(0)
  standing.set(list, shown)
  let timer: ReturnType<typeof setTimeout> | undefined
  const isWhole = (): boolean => shown.value >= count()
  const goOn = (): void => {
    clearTimeout(timer)
    if (!isWhole()) timer = setTimeout(() => void grow(), PAUSE_MS)
  }
  const grow = async (): Promise<void> => {
    const start = performance.now()
    while (!isWhole() && performance.now() - start < STRETCH_MS) {
      shown.value++
      await nextTick()
    }
    goOn()
  }
  watch(count, () => {
    if (!isWhole()) shown.value++
    goOn()
  }, { immediate: true })
  onScopeDispose(() => clearTimeout(timer))
  return shown
}
