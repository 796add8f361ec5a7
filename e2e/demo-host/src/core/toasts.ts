import { reactive } from 'vue'

type ToastVariant = 'info' | 'success' | 'warning' | 'error'

interface ToastOptions {
  title?: string
  href?: string
  linkLabel?: string
  autoClose?: boolean | number
}

export interface ToastEntry extends ToastOptions {
  id: number
  variant: ToastVariant
  body: string
}

type Show = (body: string, options?: ToastOptions) => void
export type Toast = Record<ToastVariant, Show>

const AUTO_CLOSE_MS = 5000

export const toasts = reactive<ToastEntry[]>([])
let lastId = 0

export function closeToast(id: number): void {
  const index = toasts.findIndex(toast => toast.id === id)
  if (index >= 0) toasts.splice(index, 1)
}

function show(variant: ToastVariant): Show {
  return (body, options = {}) => {
    const id = ++lastId
    toasts.push({ ...options, id, variant, body })
    if (options.autoClose === false) return
    setTimeout(() => closeToast(id), typeof options.autoClose === 'number' ? options.autoClose : AUTO_CLOSE_MS)
  }
}

export const toast: Toast = { info: show('info'), success: show('success'), warning: show('warning'), error: show('error') }
