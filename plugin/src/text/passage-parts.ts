export interface TextPart { readonly text: string, readonly marked: boolean }
export type Range = readonly [start: number, end: number]

/** Characters of a passage that a card shows before it is opened: less of each where two stand side by side. */
export const EXCERPT = { alone: 280, paired: 160 } as const
const LEAD = 60

/**
 * Cuts a text into marked and unmarked parts. Offsets are UTF-16 units, end exclusive; they may overlap, be unordered
 * or lie outside. No part begins or ends inside a surrogate pair; the parts joined are the text.
 */
export function markedParts(text: string, highlights: readonly Range[]): TextPart[] {
  const parts: TextPart[] = []
  let position = 0
  for (const [start, end] of merged(text, highlights)) {
    if (start > position) parts.push({ text: text.slice(position, start), marked: false })
    parts.push({ text: text.slice(start, end), marked: true })
    position = end
  }
  if (position < text.length) parts.push({ text: text.slice(position), marked: false })
  return parts
}

/** The part of a passage around its first highlight, with an ellipsis where it was cut and its highlights moved along. */
export function excerpt(text: string, highlights: readonly Range[], size: number = EXCERPT.alone): { text: string, highlights: Range[] } {
  if (text.length <= size) return { text, highlights: [...highlights] }
  const first = merged(text, highlights)[0]?.[0] ?? 0
  const start = wordStart(text, Math.max(0, Math.min(first - LEAD, text.length - size)))
  const end = wordEnd(text, Math.min(text.length, start + size), start + size / 2)
  const lead = start > 0 ? '… ' : ''
  const shift = lead.length - start
  const inside = merged(text, highlights)
    .filter(([from, to]) => from < end && to > start)
    .map(([from, to]): Range => [Math.max(from, start) + shift, Math.min(to, end) + shift])
  return { text: `${lead}${text.slice(start, end)}${end < text.length ? ' …' : ''}`, highlights: inside }
}

function merged(text: string, highlights: readonly Range[]): Range[] {
  const within = (offset: number) => Math.min(Math.max(Math.trunc(offset), 0), text.length)
  const sound = highlights
    .filter(([start, end]) => Number.isFinite(start) && Number.isFinite(end))
    .map(([start, end]): Range => [outside(text, within(start), -1), outside(text, within(end), 1)])
    .filter(([start, end]) => start < end)
    .sort(([a], [b]) => a - b)
  const ranges: Range[] = []
  for (const [start, end] of sound) {
    const last = ranges.at(-1)
    if (last && start <= last[1]) ranges[ranges.length - 1] = [last[0], Math.max(last[1], end)]
    else ranges.push([start, end])
  }
  return ranges
}

/** An offset inside of a surrogate pair is moved out of it. */
function outside(text: string, offset: number, step: 1 | -1): number {
  const splits = offset > 0 && offset < text.length && (text.codePointAt(offset - 1) ?? 0) > 0xFFFF
  return splits ? offset + step : offset
}

function wordStart(text: string, offset: number): number {
  if (offset === 0) return 0
  const space = text.slice(offset, offset + LEAD).search(/\s\S/u)
  return space === -1 ? outside(text, offset, -1) : offset + space + 1
}

function wordEnd(text: string, offset: number, least: number): number {
  if (offset === text.length) return offset
  const space = text.slice(0, offset).search(/\s\S*$/u)
  return space > least ? space : outside(text, offset, -1)
}
