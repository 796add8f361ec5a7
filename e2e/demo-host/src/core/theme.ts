import { ref } from 'vue'

const KEY = 'data-bs-theme'

export const theme = ref<'light' | 'dark'>('light')

function setTheme(value: 'light' | 'dark'): void {
  theme.value = value
  document.body.setAttribute(KEY, value)
}

/** The last choice of the reader, else what the system prefers. */
export function restoreTheme(): void {
  const saved = localStorage.getItem(KEY)
  const dark = saved === null ? matchMedia('(prefers-color-scheme: dark)').matches : saved === 'dark'
  setTheme(dark ? 'dark' : 'light')
}

export function toggleTheme(): void {
  setTheme(theme.value === 'dark' ? 'light' : 'dark')
  localStorage.setItem(KEY, theme.value)
}
