import { onScopeDispose, ref, type Ref } from 'vue'

/** Bootstrap's breakpoint below `md`, where Datashare's own side panels turn into drawers. */
const SMALL = '(max-width: 767.98px)'

export function useSmallScreen(): Ref<boolean> {
  const query = window.matchMedia(SMALL)
  const isSmall = ref(query.matches)
  const update = () => { isSmall.value = query.matches }
  query.addEventListener('change', update)
  onScopeDispose(() => query.removeEventListener('change', update))
  return isSmall
}
