import { useToast } from '../host/toast.ts'
import { useText, type MessageKey } from './use-text.ts'

/** Puts a text on the clipboard and says so; where the browser does not let it (a page without https), says what to do. */
export function useCopy(): (text: string, failed: MessageKey) => Promise<void> {
  const { t } = useText()
  const toast = useToast()
  return async (text, failed) => {
    try {
      await navigator.clipboard.writeText(text)
      toast.success(t('copy.done'))
    } catch {
      toast.error(t(failed))
    }
  }
}
