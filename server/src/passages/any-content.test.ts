import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { BUNDLED_MODELS_DIR } from '../embedding/registry.ts'
import { loadTokenizer, type Tokenizer } from '../embedding/tokenizer.ts'
import { expectSound } from '../testing/sound-passages.ts'
import { cutPassages } from './cut.ts'
import { PASSAGE_TOKENS } from './passage.ts'

let tokenizer: Tokenizer
beforeAll(async () => {
  tokenizer = await loadTokenizer(join(BUNDLED_MODELS_DIR, 'all-MiniLM-L6-v2'))
})

const MANY = { numRuns: 1_000 }
const PATIENCE = 240_000

const real = (text: string): number => tokenizer.count(text)
/** As few tokens as there can be: a whole line without blanks is one. */
const byWords = (text: string): number => text.match(/\S+/g)?.length ?? 0
/** As many as there can be. */
const byCodePoints = (text: string): number => text.match(/\S/gu)?.length ?? 0
/** Tokens of a whole are more than those of its parts: what no sum foresees. */
const growing = (text: string): number => byWords(text) + Math.floor(byWords(text) / 5)

const words = fc.constantFrom('offshore', 'company', 'Mr.', 'p.', 'No.', '12', '3.2', '1,000', 'Ünïcödé', 'перевод', '股東名冊', 'شركة', 'บริษัทนี้จดทะเบียน', 'PAYMENT', '𝒳𝒴', '👩‍👩‍👧', '🇫🇷', 'e\u0301\u0323', 'a@b.org', '<a@b.org', '|', '-----', '>', 'x'.repeat(130), 'aGVsbG8gd29y/+'.repeat(12))
const broken = fc.constantFrom('\uD83D', '\uDE00', '\u0000', '\u200D', '\uFEFF', '\u202E', '\u0301'.repeat(60))
const joints = fc.constantFrom(' ', ' ', ' ', ' ', '. ', '! ', '? ', ': ', ', ', '; ', '\n', '\r\n', '\r\r\n', '\r', '\n\n', '。', '；', '؟ ', '\t', '\t\t', '   ', '\u00a0', '\u2028', '\u2029', '', '\f')

const wordsOf = (word: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<string> => fc.array(fc.tuple(word, joints), { minLength: 1, maxLength }).map(pairs => pairs.flat().join(''))
const phrase = fc.array(fc.oneof({ arbitrary: words, weight: 9 }, { arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }), weight: 1 }), { minLength: 1, maxLength: 12 }).map(parts => parts.join(' '))
const linesOf = (line: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.array(line, { minLength: 1, maxLength: 8 }).map(lines => lines.join('\n'))

const heading = fc.tuple(fc.constantFrom('# ', '## ', '3.2 ', '1. ', 'IV. ', 'Article 5. ', ''), phrase, fc.constantFrom('', '\n=====', '\n---')).map(parts => parts.join(''))
const header = linesOf(fc.tuple(fc.constantFrom('From', 'To', 'De ', 'Objet', 'Von', 'Betreff', 'От', 'Тема', '发件人', '件名', 'من', '*Sent', 'X-Mailer'), fc.constantFrom(': ', ':', '：', ':* '), phrase, fc.constantFrom('', ';', '\n  folded')).map(parts => parts.join('')))
const saying = fc.constantFrom('-----Original Message-----', '---- Weitergeleitet ----', 'On 3 May 2011, Ann wrote:', 'On 3 May 2011 Ann <a@b.org\n> wrote:', 'Le 3 mai 2011 Ann a écrit :', '3 мая 2011 г. Анна пишет:', '________________')
const table = fc.constantFrom('\t', ' | ', '    ', ',', ';').chain(separator => linesOf(fc.array(words, { minLength: 2, maxLength: 5 }).map(cells => cells.join(separator))))
const list = fc.constantFrom('- ', '• ', '1. ', '12) ', 'a) ', '(iv) ', '一、').chain(mark => linesOf(fc.tuple(fc.constant(mark), phrase, fc.constantFrom('', '\n  goes on', '\n')).map(parts => parts.join(''))))
const part = fc.oneof(wordsOf(words, 30), heading, header, saying, table, list)
const quoted = fc.tuple(fc.constantFrom('> ', '>', '>> ', '> > '), part).map(([mark, text]) => text.split('\n').map(line => mark + line).join('\n'))
const document = (more: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(fc.tuple(fc.oneof(part, part, quoted, more), fc.constantFrom('\n', '\n\n', '\r\n\r\n', '\n>\n', ' ', '\f')), { maxLength: 8 }).map(parts => parts.flat().join(''))

const wellFormed = document(quoted)
const hostile = document(fc.oneof(wordsOf(fc.oneof(words, broken), 30), fc.string({ unit: 'binary', maxLength: 200 })))
const sizes = fc.integer({ min: 4, max: 12 }).map(overlapTokens => ({ maxTokens: overlapTokens * 5, overlapTokens }))

/** Of which an overlap counts 31 tokens, and its units 30. */
const CODE = 'aGVsbG8gd29y/+'.repeat(12)
const MORE_TOGETHER = `From: offshore -----\n  folded\nОт:* offshore перевод offshore ${CODE} offshore 3.2\fMr.,股東名冊,No.,No.\n股東名冊,${CODE}\noffshore,offshore\n`

describe('passages of any content', () => {
  it('are in order, exact, within the limit, and leave nothing out', () => {
    fc.assert(fc.property(hostile, content => void expectSound(content, { ...PASSAGE_TOKENS, countTokens: real })), MANY)
  }, PATIENCE)

  it('are so with small sizes, where every rule is met often', () => {
    fc.assert(fc.property(hostile, sizes, (content, small) => void expectSound(content, { ...small, countTokens: real })), MANY)
  }, PATIENCE)

  it.each([
    ['whole words', byWords],
    ['single characters', byCodePoints],
    ['more than the sum of the parts', growing],
  ])('are so with a tokenizer that counts %s', (_, countTokens) => {
    fc.assert(fc.property(hostile, sizes, (content, small) => void expectSound(content, { ...small, countTokens })), MANY)
  }, PATIENCE)

  it('are so for arbitrary code units', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 600 }), content => void expectSound(content, { ...PASSAGE_TOKENS, countTokens: real })), MANY)
  }, PATIENCE)

  it('are the same each time', () => {
    const cut = (content: string): string => JSON.stringify([...cutPassages(content, { ...PASSAGE_TOKENS, countTokens: real })])
    fc.assert(fc.property(hostile, content => cut(content) === cut(content)), MANY)
  }, PATIENCE)

  it('have no half of a character where the content has none', () => {
    fc.assert(fc.property(wellFormed, sizes, (content, small) => [...cutPassages(content, { ...small, countTokens: byCodePoints })].every(({ text }) => text.isWellFormed())), MANY)
  }, PATIENCE)

  it('share what overlaps, and no more tokens than that', () => {
    fc.assert(fc.property(wellFormed, (content) => {
      const passages = [...cutPassages(content, { ...PASSAGE_TOKENS, countTokens: real })]
      for (const [index, { start }] of passages.slice(1).entries()) {
        expect(real(content.slice(start, Math.max(start, passages[index]!.end)))).toBeLessThanOrEqual(PASSAGE_TOKENS.overlapTokens * 1.5)
      }
    }), { ...MANY, examples: [[MORE_TOGETHER]] })
  }, PATIENCE)

  it('split no character that is made of several', () => {
    const clusters = new Intl.Segmenter('en', { granularity: 'grapheme' })
    const unbroken = fc.array(fc.oneof(fc.constantFrom('👩‍👩‍👧', '🇫🇷', 'e\u0301\u0323', 'กำ', 'ที่', '각', '語', '，', 'ab'), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }).filter(text => !/\s/u.test(text))), { minLength: 100, maxLength: 600 }).map(parts => parts.join(''))
    fc.assert(fc.property(unbroken, (content) => {
      const starts = new Set([...clusters.segment(content)].map(({ index }) => index))
      for (const { start, end } of cutPassages(content, { ...PASSAGE_TOKENS, countTokens: byCodePoints })) {
        expect(starts.has(start)).toBe(true)
        expect(end === content.length || starts.has(end)).toBe(true)
      }
    }), MANY)
  }, PATIENCE)
})

describe('passages of any sections', () => {
  const sentence = fc.array(fc.constantFrom('money', 'went', 'to', 'the', 'island', 'bank', 'Panama'), { minLength: 20, maxLength: 40 }).map(parts => `The ${parts.join(' ')}.`)
  const paragraph = fc.array(sentence, { minLength: 1, maxLength: 8 }).map(parts => parts.join(' '))
  const title = fc.integer({ min: 1, max: 99 }).chain(number => fc.constantFrom(`# Chapter ${number}`, `${number}. Of the money`, `${number}.2 Of the money`, `OF THE MONEY ${number}`, `Of the money ${number}`, `Of the money ${number}\n============`))
  const sections = fc.array(fc.tuple(title, fc.constantFrom('\n\n', '\r\n\r\n'), paragraph), { minLength: 2, maxLength: 8 })

  it('never end with a heading, and never begin behind one that belongs to their first sentence', () => {
    fc.assert(fc.property(sections, (parts) => {
      const content = parts.map(section => section.join('')).join('\n\n')
      const passages = [...cutPassages(content, { ...PASSAGE_TOKENS, countTokens: byWords })]
      let at = 0
      for (const [name, gap, text] of parts) {
        const first = at + name.length + gap.length
        expect(passages.some(({ start, end }) => start <= at && end > first)).toBe(true)
        for (const { end } of passages) expect(end > at && end <= first).toBe(false)
        at = first + text.length + 2
      }
    }), MANY)
  }, PATIENCE)

  it('hold whole rows of a table only, in order', () => {
    const cell = fc.constantFrom('Corvane 7', '2011-03-04', '12,000', 'Mr. Vask', 'paid. In cash', '')
    const tables = fc.array(fc.array(cell, { minLength: 3, maxLength: 6 }).map(cells => `No\t${cells.join('\t')}\tx`), { minLength: 1, maxLength: 60 })
    fc.assert(fc.property(tables, (rows) => {
      const content = rows.join('\n')
      for (const { start, end } of cutPassages(content, { ...PASSAGE_TOKENS, countTokens: byWords })) {
        expect(start === 0 || content[start - 1] === '\n').toBe(true)
        expect(end === content.length || content[end] === '\n').toBe(true)
      }
    }), MANY)
  }, PATIENCE)
})
