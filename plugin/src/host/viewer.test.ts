import { beforeEach, describe, expect, it, vi } from 'vitest'
import { findPassage, phraseOf, showPassage } from './viewer.ts'

const TEXT = 'Wear of the implant.\n\nNine of twelve heads lost more than four times the permitted mass of cobalt, which nobody was told.'

/** The text of a document as Datashare shows it, with our marker before it. */
function viewer(html: string, { search = true } = {}) {
  document.body.innerHTML = `<div class="document-content">${search ? '<div class="document-local-search"><input></div>' : ''}<div><i id="marker">Wear of the implant.</i><div id="body">${html}</div></div></div>`
  return { marker: document.querySelector<HTMLElement>('#marker')!, body: document.querySelector('#body')!, input: document.querySelector('input') }
}

const found = (html: string): string | null => findPassage(viewer(html).marker, TEXT)?.toString() ?? null

describe('a passage in the text of a document', () => {
  beforeEach(() => vi.restoreAllMocks())

  it('is found though HTML has changed its blanks and marked its words', () => {
    expect(found('<p>Before.</p><p>Wear of the <mark>implant</mark>.</p><p>Nine of twelve heads lost more than four times\n the permitted mass of cobalt, which nobody was told.</p><p>After.</p>'))
      .toMatch(/^Wear of the implant\.Nine of twelve heads lost.*told\.$/s)
  })

  it('is found by its beginning where the page ends before it does', () => {
    expect(found('<p>Wear of the implant.</p><p>Nine of twelve heads lost more than four times the permitted</p>'))
      .toBe('Wear of the implant.Nine of twelve heads lost more than four times the permitted')
  })

  it('is not found in our own words, nor in another text', () => {
    expect(found('<p>Nothing of the kind.</p>')).toBeNull()
    expect(found('<p>Wear of the</p>')).toBeNull()
  })

  it('is shown once the text has come, and again when the text is made anew', async () => {
    const { marker, body } = viewer('')
    const tell = vi.fn()
    const end = showPassage(marker, TEXT, tell)
    expect(tell).not.toHaveBeenCalled()

    body.innerHTML = `<p>${TEXT}</p>`
    await vi.waitFor(() => expect(tell).toHaveBeenLastCalledWith(true))
    tell.mockClear()
    body.innerHTML = `<p>${TEXT}</p>`
    await vi.waitFor(() => expect(tell).toHaveBeenLastCalledWith(true))
    end()
  })

  it('is looked for with the viewer\'s own search where another page of the text is shown', () => {
    const { marker, input } = viewer('<p>Another page.</p>')
    const typed = vi.fn()
    input?.addEventListener('input', typed)

    const end = showPassage(marker, TEXT, vi.fn())

    expect(input?.value).toBe('Wear of the implant.')
    expect(typed).toHaveBeenCalledOnce()
    end()
  })

  it('is said to be missing where it cannot be turned to', () => {
    const tell = vi.fn()

    const end = showPassage(viewer('<p>Another page.</p>', { search: false }).marker, TEXT, tell)

    expect(tell).toHaveBeenCalledWith(false)
    end()
  })

  it.each([
    ['short\nA line that is long enough.', 'A line that is long enough.'],
    [`${'word '.repeat(30)}end`, 'word '.repeat(16).trim()],
    ['tiny', 'tiny'],
  ])('is looked for by a line of it: %j', (text, phrase) => {
    expect(phraseOf(text)).toBe(phrase)
  })
})
