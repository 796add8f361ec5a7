import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { BUNDLED_MODELS_DIR } from '../embedding/registry.ts'
import { loadTokenizer, type Tokenizer } from '../embedding/tokenizer.ts'
import { cutPassages } from './cut.ts'
import { PASSAGE_TOKENS, type Passage } from './passage.ts'

let tokenizer: Tokenizer
beforeAll(async () => {
  tokenizer = await loadTokenizer(join(BUNDLED_MODELS_DIR, 'all-MiniLM-L6-v2'))
})

interface Sizes { maxTokens: number, overlapTokens: number }

const count = (text: string): number => tokenizer.count(text)
const cut = (content: string, sizes: Sizes = PASSAGE_TOKENS): Passage[] => [...cutPassages(content, { ...sizes, countTokens: count })]
const texts = (content: string, sizes?: Sizes): string[] => cut(content, sizes).map(({ text }) => text)

const splitsPair = (content: string, at: number): boolean => /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(content.slice(at - 1, at + 1))

/** All that is promised of passages, whatever the content. */
function expectSound(content: string, sizes: Sizes = PASSAGE_TOKENS): Passage[] {
  const passages = cut(content, sizes)
  let covered = 0
  let before: Passage | undefined
  for (const [index, passage] of passages.entries()) {
    const { ordinal, start, end, text } = passage
    expect(ordinal).toBe(index)
    expect(text).toBe(content.slice(start, end))
    expect(text).toBe(text.trim())
    expect(count(text)).toBeGreaterThan(0)
    expect(count(text)).toBeLessThanOrEqual(sizes.maxTokens)
    expect(text.length).toBeLessThanOrEqual(sizes.maxTokens * 8)
    expect(splitsPair(content, start) || splitsPair(content, end)).toBe(false)
    if (before !== undefined) {
      expect(start).toBeGreaterThan(before.start)
      expect(end).toBeGreaterThan(before.end)
    }
    // What no passage holds is blank, or nothing that the model could read
    expect(count(content.slice(covered, start))).toBe(0)
    covered = Math.max(covered, end)
    before = passage
  }
  expect(count(content.slice(covered))).toBe(0)
  return passages
}

const words = fc.constantFrom('offshore', 'company', 'Mr.', 'p.', 'No.', '12', 'Ünïcödé', 'перевод', '股東名冊', 'شركة', '𝒳𝒴', '👩‍👩‍👧', '\uD83D', 'a@b.org', '|', '-----', 'x'.repeat(130))
const joints = fc.constantFrom(' ', ' ', ' ', '. ', '! ', '\n', '\r\n', '\n\n', '。', '؟ ', '\t\t', '\u00a0', '', '\f')
const prose = fc.array(fc.tuple(words, joints), { maxLength: 200 }).map(pairs => pairs.flat().join(''))

describe('passages of any content', () => {
  it('are in order, exact, within the limit, and leave nothing out', () => {
    fc.assert(fc.property(prose, content => void expectSound(content)), { numRuns: 60 })
  })

  it('are so for arbitrary code units too', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 600 }), content => void expectSound(content)), { numRuns: 100 })
  })

  it('are so with small sizes, where every rule is met often', () => {
    fc.assert(fc.property(prose, fc.integer({ min: 1, max: 8 }), (content, overlapTokens) => void expectSound(content, { maxTokens: overlapTokens * 6 + 10, overlapTokens })), { numRuns: 100 })
  })

  it('are the same each time', () => {
    fc.assert(fc.property(prose, content => JSON.stringify(cut(content)) === JSON.stringify(cut(content))), { numRuns: 20 })
  })
})

describe('passages of a document', () => {
  it('are none where there is nothing to read', () => {
    expect(['', ' ', '\n\n\t ', '\u0000\u0001'].flatMap(content => cut(content))).toEqual([])
  })

  it('are one where the content is short, without the blanks around it', () => {
    expect(cut('  He signed it. \n')).toEqual([{ ordinal: 0, start: 2, end: 15, text: 'He signed it.' }])
  })

  it('end where sentences end, and share whole sentences of about 40 tokens', () => {
    const sentences = Array.from({ length: 60 }, (_, index) => `On day ${index + 1} the holding moved its shares to another nominee director.`)
    const passages = expectSound(sentences.join(' '))
    expect(passages.length).toBeGreaterThan(3)
    for (const { text } of passages) expect(text).toMatch(/^On day.*director\.$/s)
    for (const [index, next] of passages.slice(1).entries()) {
      const shared = next.start < passages[index]!.end ? sentences.join(' ').slice(next.start, passages[index]!.end) : ''
      expect(count(shared)).toBeGreaterThanOrEqual(25)
      expect(count(shared)).toBeLessThanOrEqual(60)
    }
  })

  it('do not end after an abbreviation or an initial', () => {
    const sizes = { maxTokens: 22, overlapTokens: 1 }
    expect(texts('The deed names Mr. J. Doe as owner of plot No. 5. It was filed on p. 12 by Dr. Stone of Acme Ltd. Panama.', sizes)).toEqual([
      'The deed names Mr. J. Doe as owner of plot No. 5.',
      'It was filed on p. 12 by Dr. Stone of Acme Ltd. Panama.',
    ])
  })

  it('keep a sentence together that goes on in the next line, and part paragraphs', () => {
    const sizes = { maxTokens: 10, overlapTokens: 1 }
    expect(texts('The money left the\naccount on Friday\n\nnobody asked\nwhere to it had gone', sizes)).toEqual(['The money left the\naccount on Friday', 'nobody asked\nwhere to it had gone'])
  })

  it.each([
    ['Chinese', '股東名冊顯示該公司由代理人持有。資金經由三個帳戶轉出！誰是最終受益人？'.repeat(30), /[。！？]$/],
    ['Arabic', 'تم تسجيل الشركة في جزر العذراء. من هو المالك الحقيقي؟ حُوّلت الأموال إلى حساب آخر. '.repeat(20), /[.؟]$/],
    ['Russian', 'Компания зарегистрирована в г. Лимассол. Деньги ушли через три счёта! Кто настоящий владелец? '.repeat(20), /[.!?]$/],
  ])('end where sentences end in %s', (_, content, ending) => {
    const passages = expectSound(content)
    expect(passages.length).toBeGreaterThan(2)
    for (const { text } of passages) expect(text).toMatch(ending)
  })

  it('do not end after a Russian abbreviation', () => {
    expect(texts('Она живёт в г. Москва. Он живёт там же.', { maxTokens: 20, overlapTokens: 1 })[0]).toBe('Она живёт в г. Москва.')
  })

  it.each([
    ['Chinese without any punctuation', '股東名冊顯示該公司'.repeat(400)],
    ['base64', Buffer.from(Array.from({ length: 9_000 }, (_, index) => index * 7 % 256)).toString('base64')],
    ['symbols of two code units', '𝒳𝒴𝒵👍'.repeat(900)],
    ['one sentence of many words', 'and then the money went on '.repeat(300)],
    ['a wide gap', `before${' '.repeat(50_000)}after`],
    ['lines of one word', 'name\n'.repeat(3_000)],
  ])('are sound for %s', (_, content) => {
    expect(expectSound(content).length).toBeGreaterThan(1)
  })

  it('keep the lines of an e-mail with a quoted reply whole', () => {
    const mail = ['From: Ann <ann@example.org>', 'Subject: Re: the nominee', '', 'I spoke to him. He will sign.', '', '> Did you speak to him?', '> We need it by Monday.', '', '--', 'Ann'].join('\r\n')
    const passages = expectSound(mail, { maxTokens: 30, overlapTokens: 5 })
    const lines = mail.split('\r\n')
    for (const { text } of passages) expect(lines.some(line => line.endsWith(text.split('\r\n').at(-1)!))).toBe(true)
  })

  it('keep the rows of a table whole', () => {
    const rows = Array.from({ length: 80 }, (_, index) => `Account ${index}\t2011-03-${String(index % 28 + 1).padStart(2, '0')}\tUSD ${index * 1_000}`)
    for (const { text } of expectSound(rows.join('\n'))) {
      for (const row of text.split('\n')) expect(rows).toContain(row)
    }
  })

  it('count offsets in UTF-16 units', () => {
    const content = '👍👍 First. Second.'
    expect(cut(content, { maxTokens: 3, overlapTokens: 1 }).at(-1)).toEqual({ ordinal: 1, start: 12, end: 19, text: 'Second.' })
  })
})
