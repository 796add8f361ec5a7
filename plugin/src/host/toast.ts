import { useCore } from './core.ts'

type Show = (text: string) => void

/** Datashare's short notices at the edge of the page; silent where it has none. */
export function useToast(): { success: Show, error: Show } {
  const { $toast } = useCore().vue.config.globalProperties as { $toast?: Partial<Record<'success' | 'error', Show>> }
  return {
    success: text => $toast?.success?.(text),
    error: text => $toast?.error?.(text),
  }
}
