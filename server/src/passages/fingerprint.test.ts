import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { SAMPLE_COPIES, sampleTexts } from '../testing/sample-collection.ts'
import { fingerprintOf, LEAST_WORDS, similarityOf, type Fingerprint } from './fingerprint.ts'

let texts: Map<string, string>
beforeAll(async () => {
  texts = await sampleTexts()
})

const text = (path: string): string => texts.get(path) ?? ''
const find = (a: Fingerprint, b: Fingerprint): boolean => a.bands.some((band, place) => band === b.bands[place])

/** Found by their bands, and then compared: null where either fails. */
async function similarity(a: string, b: string): Promise<number | null> {
  const [one, other] = [await fingerprintOf(a), await fingerprintOf(b)]
  return one === null || other === null || !find(one, other) ? null : similarityOf(one, other)
}

const replaced = (content: string, changes: Record<string, string>): string =>
  Object.entries(changes).reduce((changed, [from, to]) => changed.replaceAll(from, to), content)

/** The same numbers at every run. */
function dice(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor(state / 2 ** 32 * below)
  }
}

type Change = 'replaced' | 'added' | 'left out' | 'misread'

/** Changes this part of the words, at random places. */
function edited(content: string, part: number, changes: readonly Change[], newWords: readonly string[], roll: (below: number) => number): string {
  const words = content.split(/(?<=\s)(?=\S)/)
  const places = new Set<number>()
  while (places.size < Math.floor(words.length * part)) places.add(roll(words.length))
  for (const place of places) {
    const word = words[place] ?? ''
    const newWord = `${newWords[roll(newWords.length)] ?? ''} `
    const at = roll(word.trimEnd().length)
    const made = { 'replaced': newWord, 'added': word + newWord, 'left out': '', 'misread': `${word.slice(0, at)}x${word.slice(at + 1)}` }
    words[place] = made[changes[roll(changes.length)] ?? 'replaced']
  }
  return words.join('')
}

describe('copies in the sample collection', () => {
  it('are all found, and no two different documents are taken for copies', async () => {
    const prints = await Promise.all([...texts].map(async ([path, content]) => ({ path, print: await fingerprintOf(content) })))
    const found = prints.flatMap((one, index) => prints.slice(index + 1).flatMap(other =>
      one.print !== null && other.print !== null && find(one.print, other.print) && similarityOf(one.print, other.print) !== null ? [[one.path, other.path].sort().join(' = ')] : []))
    const expected = SAMPLE_COPIES.flatMap(group => group.flatMap((one, index) => group.slice(index + 1).map(other => [one, other].sort().join(' = '))))
    expect(found.sort()).toEqual(expected.sort())
  })

  const changes: [string, Change[]][] = [
    ['replaced', ['replaced']], ['added', ['added']], ['left out', ['left out']], ['misread', ['misread']], ['changed in all these ways', ['replaced', 'added', 'left out', 'misread']],
  ]
  it.each(changes)('with a tenth of their words %s are found, 97 of 100 and more', async (_, how) => {
    const newWords = [...texts.values()].join(' ').split(/\s+/)
    const roll = dice(7)
    const found: boolean[] = []
    for (let round = 0; round < 3; round++) {
      for (const content of texts.values()) {
        if (content !== '') found.push(await similarity(content, edited(content, 0.1, how, newWords, roll)) !== null)
      }
    }
    expect(found.length).toBeGreaterThan(300)
    expect(found.filter(Boolean).length / found.length).toBeGreaterThan(0.97)
  })
})

describe('documents of one form', () => {
  const invoice = (): string => text('facturas/2015/factura-SH-2015-318.pdf')
  const contract = (): string => text('contrats/2014/consultance-delmorra-v1.docx')

  it('are different where the figures are', async () => {
    const other = replaced(invoice(), {
      'SH-2015-318': 'SH-2015-401', '31 de marzo': '12 de junio', '\t60\t': '\t35\t', '129.000': '75.250', '38.400': '22.400', '186.350': '117.260', '18.635': '11.726', '204.985': '128.986',
    })
    expect(await similarity(invoice(), other)).toBeNull()
  })

  it('are different where the parties are', async () => {
    const other = replaced(contract(), { 'Corvane Holdings 7': 'Sablier Minéraux 2', 'Olga Merkoulova': 'Irina Volkova', 'Delmorra Advisory Limited': 'Pontier Conseil Sarl', '24 mars': '11 juin' })
    expect(await similarity(contract(), other)).toBeNull()
  })

  it('made at random are different, whatever the form', async () => {
    const letters = (roll: (below: number) => number): string => Array.from({ length: 6 }, () => String.fromCharCode(97 + roll(26))).join('')
    let alike = 0
    for (let seed = 0; seed < 200; seed++) {
      const roll = dice(seed)
      const form = Array.from({ length: 60 + roll(200) }, (_, index) => (index % 6 === 5 ? null : letters(roll)))
      const fill = (): string => form.map(word => word ?? (roll(2) === 0 ? `${1_000 + roll(90_000)}` : `M${letters(roll)}`)).join(' ')
      if (await similarity(fill(), fill()) !== null) alike++
    }
    expect(alike).toBe(0)
  })

  it('that are short have no fingerprint: of a note only the same text is a copy', async () => {
    const note = 'Please find attached the invoice for the services rendered in March. Kindly arrange for payment. Best regards, Anna'
    expect(await fingerprintOf(note)).toBeNull()
    expect(await fingerprintOf('word '.repeat(LEAST_WORDS - 1))).toBeNull()
    expect(await fingerprintOf('word '.repeat(LEAST_WORDS))).not.toBeNull()
  })
})

describe('a fingerprint', () => {
  const memo = (): string => text('memos/2013/shelf-renewal-2013.docx')

  it('is the same whatever the case, the accents, the white space and the punctuation', async () => {
    const loud = memo().toUpperCase().normalize('NFD').replace(/\p{M}/gu, '').replace(/\s+/g, '\n\n').replace(/[.,;]/g, ' … ')
    expect((await fingerprintOf(loud))?.pairs).toEqual((await fingerprintOf(memo()))?.pairs)
    expect(await similarity(memo(), loud)).toBe(1)
  })

  it('knows a text with some sentences around it again, but not with as much again', async () => {
    const own = 'Dear all, please have a look at what was sent to us last week and tell me on Monday. '
    expect(await similarity(memo(), own + memo())).toBeGreaterThan(0.8)
    expect(await similarity(memo(), `${text('letters/2017/insurer-declines.pdf')}\n${memo()}`)).toBeNull()
  })

  it('of a long text is no larger than of a letter, and still tells a copy from another report', async () => {
    const [report, other] = [text('legal/2018/renwick-deposition.pdf'), text('reports/2016/forensic-audit-advisory-payments.pdf')]
    const roll = dice(3)
    const copy = edited(report, 0.05, ['misread', 'left out'], ['x'], roll)
    const fingerprint = await fingerprintOf(report)
    expect([fingerprint?.bands.length, fingerprint?.pairs.length]).toEqual([12, 1_024])
    expect(await similarity(report, copy)).toBeGreaterThan(0.85)
    expect(await similarity(report, other)).toBeNull()
  })

  it.each([
    ['Chinese', '公司股東的名單已經交給律師，律師在第二天把它寄到銀行，銀行的經理看了以後沒有回答，只把它放在保險箱裡，直到警察來的時候才拿出來。'],
    ['Japanese', '理事会は昨日の会議で新しい船の購入を承認しましたが、資金の出所については誰も質問しませんでした。議事録には三行しか書かれていません。'],
    ['Thai', 'คณะกรรมการอนุมัติการซื้อเรือลำใหม่ในการประชุมเมื่อวานนี้แต่ไม่มีใครถามถึงแหล่งที่มาของเงินและรายงานการประชุมมีเพียงสามบรรทัดเท่านั้น'],
  ])('knows a %s text again after a change', async (_, content) => {
    expect(await similarity(content, `${content.slice(0, 20)}${content.slice(22)}`)).toBeGreaterThan(0.8)
    expect(await similarity(content, Array.from(content).reverse().join(''))).toBeNull()
  })

  it('is the same from either side, and 1 with itself, for any text', async () => {
    const word = fc.constantFrom('a', 'Bank', '1', 'é', '股', '\uD83D', '👩', '\0', 'x'.repeat(200), '.', '\n', 'the')
    const any = fc.array(word, { minLength: 80, maxLength: 200 }).map(words => words.join(' '))
    await fc.assert(fc.asyncProperty(any, any, async (a, b) => {
      const [one, other] = [await fingerprintOf(a), await fingerprintOf(b)]
      fc.pre(one !== null && other !== null)
      expect(similarityOf(one, one)).toBe(1)
      expect(similarityOf(one, other)).toBe(similarityOf(other, one))
    }), { numRuns: 40 })
  })

  it('takes 20 million characters without a space, and stops when it is told to', async () => {
    expect(await fingerprintOf('x'.repeat(20_000_000))).not.toBeNull()
    await expect(fingerprintOf('word '.repeat(100_000), AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped')
  })
})
