/** Name of the highlight, as the style sheet knows it. */
const HIGHLIGHT = 'similarity-passage'
/** Non-blank characters by which the ends of a passage are recognised where all of it is not in the page of the text. */
const ENDS = 60
const PHRASE = { least: 12, most: 80 }
/** Until the viewer has turned to another page of the text. */
const PATIENCE_MS = 5_000
const LARGEST = 2_000_000

/**
 * Marks a passage in the text that Datashare shows around `marker`, and scrolls to it once. The text is Datashare's own HTML,
 * which comes late and is replaced now and then, and long ones come in pages: then the viewer's own search in the document
 * turns to the page of the passage. `tell` hears whether the passage is in sight. Gives back what ends it.
 */
export function showPassage(marker: HTMLElement, text: string, tell: (isShown: boolean) => void): () => void {
  const area = marker.parentElement
  if (area === null) return () => undefined
  let hasTurned = false
  let hasScrolled = false
  let timer: ReturnType<typeof setTimeout> | undefined

  function look(): void {
    const range = findPassage(marker, text)
    if (range === null) {
      turn()
      return
    }
    clearTimeout(timer)
    highlight(range)
    tell(true)
    if (hasScrolled) return
    hasScrolled = true
    // After Datashare's own scrolling, which follows the same change of the page.
    requestAnimationFrame(() => scrollTo(range))
  }

  function turn(): void {
    highlight(null)
    if (hasTurned) return
    if (searchable(marker) === '') return
    hasTurned = true
    if (searchInDocument(marker, phraseOf(text))) timer = setTimeout(() => tell(false), PATIENCE_MS)
    else tell(false)
  }

  const observer = new MutationObserver(look)
  observer.observe(area, { childList: true, subtree: true, characterData: true })
  look()
  return () => {
    clearTimeout(timer)
    observer.disconnect()
    highlight(null)
  }
}

function highlight(range: Range | null): void {
  if (typeof Highlight === 'undefined' || !('highlights' in CSS)) return
  if (range === null) CSS.highlights.delete(HIGHLIGHT)
  else CSS.highlights.set(HIGHLIGHT, new Highlight(range))
}

/** The text around the marker without blanks, with the place in the page of each of its characters. */
function textAround(marker: HTMLElement): { squeezed: string, places: { node: Text, offset: number }[] } {
  const nodes = document.createTreeWalker(marker.parentElement ?? marker, NodeFilter.SHOW_TEXT, node =>
    marker.contains(node) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT)
  const places: { node: Text, offset: number }[] = []
  let squeezed = ''
  for (let node = nodes.nextNode(); node instanceof Text && squeezed.length < LARGEST; node = nodes.nextNode()) {
    for (const { 0: character, index } of node.data.matchAll(/\S/g)) {
      squeezed += character
      places.push({ node, offset: index })
    }
  }
  return { squeezed, places }
}

const searchable = (marker: HTMLElement): string => textAround(marker).squeezed

/** Where a passage stands in the text around the marker, all of it or one end; null where it does not. Blanks do not count: HTML changes them. */
export function findPassage(marker: HTMLElement, text: string): Range | null {
  const wanted = text.replace(/\s+/g, '')
  const { squeezed, places } = textAround(marker)
  const found = wanted === '' ? null : placeOf(squeezed, wanted)
  const [first, last] = found === null ? [] : [places[found.start], places[found.end - 1]]
  if (!first || !last) return null
  const range = document.createRange()
  range.setStart(first.node, first.offset)
  range.setEnd(last.node, last.offset + 1)
  return range
}

function placeOf(text: string, wanted: string): { start: number, end: number } | null {
  const whole = text.indexOf(wanted)
  if (whole !== -1) return { start: whole, end: whole + wanted.length }
  if (wanted.length <= ENDS) return null
  const head = text.indexOf(wanted.slice(0, ENDS))
  if (head !== -1) return { start: head, end: head + sharedLength(text.slice(head), wanted) }
  const tail = text.indexOf(wanted.slice(-ENDS))
  return tail === -1 ? null : { start: tail, end: tail + ENDS }
}

function sharedLength(one: string, other: string): number {
  let length = 0
  while (length < one.length && one[length] === other[length]) length += 1
  return length
}

/** A part of the passage that the search in the document can find: it knows no line breaks. */
export function phraseOf(text: string): string {
  const lines = text.split(/[\r\n]+/).map(line => line.trim()).filter(line => line.length >= PHRASE.least)
  const [line = text.trim().split(/[\r\n]/)[0] ?? ''] = lines
  return line.length <= PHRASE.most ? line : line.slice(0, PHRASE.most).replace(/\s\S*$/, '')
}

/** Writes into the viewer's own search, as a reader would. False where there is none. */
function searchInDocument(marker: HTMLElement, phrase: string): boolean {
  const input = marker.closest('.document-content')?.querySelector('.document-local-search input')
  if (!(input instanceof HTMLInputElement) || phrase === '') return false
  input.value = phrase
  input.dispatchEvent(new Event('input', { bubbles: true }))
  return true
}

function scrollTo(range: Range): void {
  const element = range.startContainer.parentElement
  if (element === null) return
  element.scrollIntoView({ block: 'nearest' })
  const scroller = scrollerOf(element)
  const { top, height } = scroller === null ? { top: 0, height: window.innerHeight } : scroller.getBoundingClientRect()
  // A third below the top: the toolbox of the text sticks there.
  const by = range.getBoundingClientRect().top - top - Math.min(height, window.innerHeight) / 3
  ;(scroller ?? window).scrollBy({ top: by })
}

function scrollerOf(element: HTMLElement): HTMLElement | null {
  for (let parent = element.parentElement; parent !== null; parent = parent.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(parent).overflowY) && parent.scrollHeight > parent.clientHeight && parent !== document.documentElement && parent !== document.body) return parent
  }
  return null
}
