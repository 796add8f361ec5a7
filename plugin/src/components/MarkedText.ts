import { h, type FunctionalComponent } from 'vue'
import { markedParts, type Range } from '../text/passage-parts.ts'

/** A text with its highlights as <mark> elements around text nodes: what a document says is never read as HTML. */
export const MarkedText: FunctionalComponent<{ text: string, highlights?: readonly Range[] }> = ({ text, highlights = [] }) =>
  h('span', { dir: 'auto' }, markedParts(text, highlights).map(part => (part.marked ? h('mark', part.text) : part.text)))

MarkedText.props = ['text', 'highlights']
