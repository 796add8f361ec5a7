import { describe, expect, it } from 'vitest'
import { documentKind, durationRange, folderOf, formatBytes, formatDate, formatPercent, languageName, visibleName } from './format.ts'

describe('words for numbers', () => {
  it.each([
    { seconds: [5, 40], unit: 'soon', range: '' },
    { seconds: [50, 70], unit: 'minutes', range: '1–2' },
    { seconds: [130, 280], unit: 'minutes', range: '2–5' },
    { seconds: [290, 300], unit: 'minutes', range: '4–5' },
    { seconds: [7_000, 11_000], unit: 'hours', range: '1–4' },
  ] as const)('writes $seconds seconds as $range $unit', ({ seconds, unit, range }) => {
    expect(durationRange('en', seconds)).toMatchObject({ unit, range })
  })

  it('never claims to be finished before the end', () => {
    expect(formatPercent('en', 0.999)).toBe('99%')
    expect(formatPercent('en', 1)).toBe('100%')
  })

  it.each([
    { bytes: 900, text: '0.9 kB' },
    { bytes: 42_000_000, text: '42 MB' },
    { bytes: 3_400_000_000, text: '3.4 GB' },
  ])('writes $bytes bytes as $text', ({ bytes, text }) => {
    expect(formatBytes('en', bytes)).toBe(text)
  })
})

describe('words for what a document is', () => {
  it.each([
    { type: 'message/rfc822', kind: 'email' },
    { type: 'application/pdf', kind: 'pdf' },
    { type: 'text/html; charset=UTF-8', kind: 'page' },
    { type: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', kind: 'sheet' },
    { type: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document', kind: 'word' },
    { type: 'application/x-strange', kind: 'other' },
  ])('knows $type as $kind', ({ type, kind }) => {
    expect(documentKind(type)).toBe(kind)
  })

  it('names languages in the language of the reader, and none that Datashare does not know', () => {
    expect(languageName('fr', 'GERMAN')).toBe('allemand')
    expect(languageName('en', 'KLINGON')).toBe('Klingon')
    expect(languageName('en', 'UNKNOWN')).toBeNull()
  })

  it('writes a day, and nothing for what is no date', () => {
    expect(formatDate('en', '2014-03-02T23:30:00.000Z')).toBe('Mar 2, 2014')
    expect(formatDate('en', null)).toBeNull()
    expect(formatDate('en', 'once')).toBeNull()
  })

  it('finds the folder of a path', () => {
    expect(folderOf('/vault/inbox/mail.eml')).toBe('/vault/inbox')
    expect(folderOf('mail.eml')).toBe('')
  })
})

describe('a name', () => {
  it('cannot pretend to be another one by turning or hiding its letters', () => {
    expect(visibleName('invoice\u202Efdp.exe')).toBe('invoice\uFFFDfdp.exe')
    expect(visibleName('pay\u200Bment\u0000.pdf')).toBe('pay\uFFFDment\uFFFD.pdf')
  })

  it('in any script stays as it is', () => {
    expect(visibleName('بنما می\u200Cخواهم – société 股東.pdf')).toBe('بنما می\u200Cخواهم – société 股東.pdf')
  })
})
