import { h, markRaw, type Component } from 'vue'

/** One of Phosphor's icons, by the path that it is drawn with. */
export const iconOf = (path: string): Component => markRaw({
  render: () => h('svg', { viewBox: '0 0 256 256', width: '1em', height: '1em' }, h('path', { fill: 'currentColor', d: path })),
})
