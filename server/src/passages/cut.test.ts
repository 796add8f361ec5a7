import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { BUNDLED_MODELS_DIR } from '../embedding/registry.ts'
import { loadTokenizer, type Tokenizer } from '../embedding/tokenizer.ts'
import { expectSound as expectSoundPassages } from '../testing/sound-passages.ts'
import { PASSAGE_TOKENS, type Passage } from './passage.ts'

let tokenizer: Tokenizer
beforeAll(async () => {
  tokenizer = await loadTokenizer(join(BUNDLED_MODELS_DIR, 'all-MiniLM-L6-v2'))
})

interface Sizes { maxTokens: number, overlapTokens: number }

const count = (text: string): number => tokenizer.count(text)
const expectSound = (content: string, sizes: Sizes = PASSAGE_TOKENS): Passage[] => expectSoundPassages(content, { ...sizes, countTokens: count })
const texts = (content: string, sizes?: Sizes): string[] => expectSound(content, sizes).map(({ text }) => text)

describe('passages of a document', () => {
  it('are none where there is nothing to read', () => {
    expect(['', ' ', '\n\n\t ', '\u0000\u0001'].flatMap(content => expectSound(content))).toEqual([])
  })

  it('are one where the content is short, without the blanks around it', () => {
    expect(expectSound('  He signed it. \n')).toEqual([{ ordinal: 0, start: 2, end: 15, text: 'He signed it.' }])
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
    expect(texts('Она давно не живёт в старом доме в г. Москва. Он живёт там же.', { maxTokens: 45, overlapTokens: 1 })[0]).toBe('Она давно не живёт в старом доме в г. Москва.')
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

  it('count offsets in UTF-16 units', () => {
    const content = '👍👍 First.\n\nSecond.'
    expect(expectSound(content, { maxTokens: 3, overlapTokens: 1 }).at(-1)).toEqual({ ordinal: 1, start: 13, end: 20, text: 'Second.' })
  })
})
