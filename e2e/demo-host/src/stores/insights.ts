import { defineStore } from 'pinia'
import type { Component } from 'vue'
import { markRaw, shallowRef } from 'vue'

/** What a widget's class extends: it knows its options and names its component. */
class WidgetEmpty {
  readonly name: string
  readonly order: number
  readonly card: boolean
  readonly cols: number
  readonly title: string | undefined

  constructor({ name, order = 0, card = false, cols = 12, title }: WidgetOptions) {
    this.name = name
    this.order = order
    this.card = card
    this.cols = cols
    this.title = title
  }

  get component(): Component { return { template: '' } }
}

type WidgetClass = typeof WidgetEmpty

export interface WidgetOptions {
  name: string
  order?: number
  card?: boolean
  cols?: number
  title?: string
  section?: string | null
  /** Gets the empty widget's class, gives back one that extends it. */
  type?: (Empty: WidgetClass) => WidgetClass
}

export const useInsightsStore = defineStore('insights', () => {
  const widgets = shallowRef<WidgetEmpty[]>([])

  function register(options: WidgetOptions) {
    // The stand-in has the section of Insights only.
    if (options.section != null && options.section !== 'insights') return
    const Widget = options.type?.(WidgetEmpty) ?? WidgetEmpty
    const others = widgets.value.filter(({ name }) => name !== options.name)
    widgets.value = [...others, markRaw(new Widget(options))].sort((a, b) => a.order - b.order)
  }

  function unregister(name: string) {
    widgets.value = widgets.value.filter(widget => widget.name !== name)
  }

  return { widgets, register, unregister }
})
