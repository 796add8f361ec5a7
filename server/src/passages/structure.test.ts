import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { BUNDLED_MODELS_DIR } from '../embedding/registry.ts'
import { loadTokenizer, type Tokenizer } from '../embedding/tokenizer.ts'
import { expectSound } from '../testing/sound-passages.ts'
import { PASSAGE_TOKENS } from './passage.ts'

let tokenizer: Tokenizer
beforeAll(async () => {
  tokenizer = await loadTokenizer(join(BUNDLED_MODELS_DIR, 'all-MiniLM-L6-v2'))
})

/** As the passages of a document read; every one is checked for what all passages promise. */
const passagesOf = (content: string, maxTokens: number = PASSAGE_TOKENS.maxTokens, overlapTokens: number = PASSAGE_TOKENS.overlapTokens): string[] =>
  expectSound(content, { maxTokens, overlapTokens, countTokens: text => tokenizer.count(text) }).map(({ text }) => text)
const beginningsOf = (passages: readonly string[]): string[] => passages.map(text => text.split(/[\r\n]+/)[0]!)

describe('passages of an e-mail', () => {
  const BEFORE = 'The harbour was closed for a week, and nobody paid the crew. The captain sold the spare anchor and two of the lifeboats to a stranger from the next town, who paid in coins and never came back. The harbour master saw nothing at all.'
  const ANSWER = `From: Ann Beaulieu <ann@example.org>
Sent: Tuesday, May 3, 2011 10:15 AM
To: Carl Overbeck <carl@example.org>;
 Emil Novak <emil@example.org>
Subject: RE: Nominee directors

Carl,

I spoke to the notary this morning. He will sign the three deeds on Friday, provided that the courier brings the originals before noon.

Ann`
  const QUESTION = `-----Original Message-----
From: Carl Overbeck
Sent: Monday, May 2, 2011 6:40 PM
To: Ann Beaulieu
Subject: Nominee directors

Did you speak to him? The minister's brother calls me every hour, and I have run out of excuses that he has not heard before.`
  const QUOTED = `On Sun, May 1, 2011 at 9:12 PM, Dora Kim <dora@example.org
> wrote:

> The bank wants a passport copy of every director. We only have
> two of the five, and one is expired.`
  const QUOTED_TWICE = `> Le 30 avril 2011 à 18:02, Emil Novak <emil@example.org> a écrit :
>> Il faut trouver cinq administrateurs avant la fin du mois.
>> Demandez à la professeure de musique, elle ne pose pas de questions.`

  it('are its messages, each with its header', () => {
    expect(passagesOf([ANSWER, QUESTION, QUOTED, QUOTED_TWICE].join('\n\n'))).toEqual([ANSWER, QUESTION, QUOTED, QUOTED_TWICE])
  })

  it('are the same where lines end as in Windows', () => {
    const crlf = [ANSWER, QUESTION].map(text => text.replaceAll('\n', '\r\n'))
    expect(passagesOf(crlf.join('\r\n\r\n'))).toEqual(crlf)
  })

  it.each([
    ['French', 'De : Armand Roy\nEnvoyé : lundi 2 mai 2011 18:40\nÀ : Claire Petit\nObjet : Le yacht'],
    ['Spanish', 'De: Íñigo Paz\nEnviado el: lunes, 2 de mayo de 2011\nPara: Clara Ruiz\nAsunto: El yate'],
    ['German', 'Von: Emil Kraus\nGesendet: Montag, 2. Mai 2011 18:40\nAn: Klara Lang\nBetreff: Die Jacht'],
    ['Portuguese', 'De: Rui Melo\nEnviada em: segunda-feira, 2 de maio de 2011\nPara: Ana Reis\nAssunto: O iate'],
    ['Russian', 'От: Ольга Меркулова\nОтправлено: 2 мая 2011 г.\nКому: Тобиас Ренвик\nТема: Яхта'],
    ['Arabic', 'من: أحمد\nتم الإرسال: 2 مايو 2011\nإلى: سارة\nالموضوع: اليخت'],
    ['Chinese', '发件人: 王伟\n发送时间: 2011年5月2日\n收件人: 李娜\n主题: 游艇'],
    ['Japanese', '差出人：田中\n送信日時：2011年5月2日\n宛先：佐藤\n件名：ヨットについて'],
    ['bold', '*From:* Ann Roy\n*Sent:* Monday, May 2, 2011\n*To:* Carl Petit\n*Subject:* The yacht'],
    ['quoted', '> From: Ann Roy\n> Sent: Monday, May 2, 2011\n> To: Carl Petit\n> Subject: The yacht'],
    ['double-spaced', 'From: Ann Roy\n\nSent: Monday, May 2, 2011\n\nTo: Carl Petit\n\nSubject: The yacht'],
  ])('keep a header together and with its text: %s', (_, header) => {
    const quote = header.startsWith('>') ? '> ' : ''
    const passages = passagesOf(`${BEFORE}\n\n${header}\n${quote}\n${quote}The yacht leaves on Friday.`)
    expect(passages).toEqual([BEFORE, `${header}\n${quote}\n${quote}The yacht leaves on Friday.`])
  })

  it.each([
    'On 2 May 2011, Ann Roy wrote:',
    'Le 2 mai 2011 à 18:40, Ann Roy a écrit :',
    'Am 02.05.2011 um 18:40 schrieb Ann Roy:',
    'El 2 de mayo de 2011, Ann Roy escribió:',
    'Em 2 de maio de 2011, Ann Roy escreveu:',
    'Il giorno 2 mag 2011 Ann Roy ha scritto:',
    'Op 2 mei 2011 schreef Ann Roy:',
    '2 мая 2011 г., Анна Рой пишет:',
    '在 2011年5月2日，安娜 写道：',
  ])('begin where somebody is quoted: %s', (saying) => {
    expect(passagesOf(`${BEFORE}\n\n${saying}\n\n> The yacht leaves on Friday.\n> Nobody is on it.`)[1]).toBe(`${saying}\n\n> The yacht leaves on Friday.\n> Nobody is on it.`)
  })

  it('cut a header that is longer than a passage between addresses, and keep its end with the text', () => {
    const addresses = Array.from({ length: 60 }, (_, index) => `Person ${index} <person${index}@example.org>;`)
    const passages = passagesOf(`From: Ann\nTo: ${addresses.join('\n ')}\nSubject: The yacht\n\nIt leaves on Friday.`)
    expect(passages.length).toBeGreaterThan(3)
    expect(passages.at(-1)).toMatch(/person59@example\.org>;\nSubject: The yacht\n\nIt leaves on Friday\.$/)
  })
})

describe('passages of a contract', () => {
  const CLAUSE = 'The seller delivers the ten bearer shares of the company at the seat of the keeper, free from all liens, and the buyer pays the price on the same day to the account that the keeper names in writing.'
  const clauses = (titles: readonly string[]): string => titles.map(title => `${title}\n\n${CLAUSE} ${CLAUSE.replace('seller', 'lender')}`).join('\n\n')

  it.each([
    ['numbers', ['1. Sale of the shares', '2. Price', '3. Law']],
    ['numbers of two levels', ['1.1 Sale of the shares', '1.2 Price', '1.3 Law']],
    ['capitals', ['SALE OF THE SHARES', 'PRICE', 'GOVERNING LAW']],
    ['marks of Markdown', ['# Sale of the shares', '## Price', '# Law']],
    ['lines below', ['Sale\n====', 'Price\n-----', 'Law\n===']],
    ['nothing but their own line', ['Sale of the shares', 'Price', 'Law']],
    ['Chinese numbers', ['第一条 股份', '第二条 价格', '第三条 法律']],
  ])('begin with the headings, which have %s', (_, titles) => {
    expect(beginningsOf(passagesOf(clauses(titles)))).toEqual(titles.map(title => title.split('\n')[0]))
  })

  it('keep a title, a subtitle and a heading in a row with what follows', () => {
    const passages = passagesOf(`${CLAUSE} ${CLAUSE}\n\nANNEX TO THE AGREEMENT\n\nOf 3 May 2011\n\n1. Shares\n\n${CLAUSE}`)
    expect(passages).toEqual([`${CLAUSE} ${CLAUSE}`, `ANNEX TO THE AGREEMENT\n\nOf 3 May 2011\n\n1. Shares\n\n${CLAUSE}`])
  })

  it('keep the first words of an article with the article', () => {
    const passages = passagesOf(`${CLAUSE} ${CLAUSE} Time is of the essence in all of this, on both sides.\n\nArticle 2. Price. ${CLAUSE}`)
    expect(passages[1]).toMatch(/Article 2\. Price\. The seller/)
    expect(passages[0]).not.toMatch(/Article 2/)
  })

  it('begin a sentence that is too long with its heading, and cut it after a clause', () => {
    const passages = passagesOf(`3. Events of default\n\nThe loan is due at once if ${'the borrower sells a ship of the fleet without consent, or '.repeat(16)}is dissolved.`)
    expect(passages[0]).toMatch(/^3\. Events of default\n\nThe loan is due at once.*(?:consent,|or)$/s)
  })

  it('keep an address whole, whatever marks are in it', () => {
    const content = 'The register of the port is at https://example.org/ships/?page=7&flag=mt and was read. '.repeat(20)
    for (const maxTokens of [60, 75, 90, 105]) {
      for (const text of passagesOf(content, maxTokens)) expect(text).toMatch(/^The register.*was read\.$/s)
    }
  })

  it('join a line that the margin has ended before a name', () => {
    const line = 'All shares were pledged in the night of the third of May to the bank of\nLady Ostara Shipping. Nobody was told.'
    expect(passagesOf(line, 24, 2)[0]).toBe(line.slice(0, line.indexOf(' Nobody')))
  })

  it('keep a question of an examination with its answer', () => {
    const talk = Array.from({ length: 20 }, (_, index) => `Q. Who signed the paper with the number ${index}?\nA. I did not look at number ${index}.`)
    for (const text of passagesOf(talk.join('\n'))) expect(text).toMatch(/^Q.*A\. I did not look at number \d+\.$/s)
  })
})

describe('passages of an invoice', () => {
  const ROWS = Array.from({ length: 24 }, (_, index) => ['Hip joint, series ' + 'ABCDEF'[index % 6]!, String(index + 1), '2,150.00', `${(index + 1) * 2},150.00`])
  const HEAD = ['Item', 'Units', 'Price', 'Amount']

  it.each([
    ['tabs', '\t'],
    ['bars', ' | '],
    ['wide gaps', '     '],
    ['semicolons', ';'],
  ])('hold whole rows in order, the head with the first ones: %s', (_, separator) => {
    const rows = [HEAD, ...ROWS].map(cells => cells.join(separator))
    const passages = passagesOf(`The goods were received in order and are charged as agreed.\n\nINVOICE SH-344\n\n${rows.join('\n')}\n\nThe price is due in ninety days. No joint is taken back once it was used.`)
    expect(passages.find(text => text.includes(rows[0]!))).toContain(`INVOICE SH-344\n\n${rows[0]}\n${rows[1]}`)
    const inTable = passages.flatMap(text => text.split('\n')).filter(line => line.startsWith('Hip'))
    for (const line of inTable) expect(rows).toContain(line)
    expect([...new Set(inTable)]).toEqual(rows.slice(1))
  })

  it('begin with a table that would not fit behind the text before it', () => {
    const letter = 'Please find below what we supplied to the ward in the last quarter. The seminar for the surgeons on the ship is charged apart, as the manager has asked, and appears here as training of the staff.'
    const rows = [HEAD, ...ROWS.slice(0, 4)].map(cells => cells.join('\t'))
    expect(passagesOf(`${letter} ${letter}\n\n${rows.join('\n')}`).at(-1)).toBe(rows.join('\n'))
  })
})

describe('passages of a list', () => {
  it.each([
    ['bullets', (): string => '• '],
    ['dashes', (): string => '- '],
    ['numbers', (index: number): string => `${index + 1}. `],
    ['letters', (index: number): string => `(${'abcdefghijkl'[index]!}) `],
  ])('hold whole items, and the sentence that announces them: %s', (_, mark) => {
    const items = Array.from({ length: 12 }, (_, index) => `${mark(index)}A key of room ${index}. It opens the safe as well,\n  where the red bag number ${index} lies.`)
    const passages = passagesOf(`The driver of the minister has these keys, and nobody else has:\n${items.join('\n')}`)
    expect(passages.length).toBeGreaterThan(1)
    expect(passages[0]).toMatch(/^The driver of the minister has these keys, and nobody else has:\n.*number \d+ lies\.$/s)
    for (const text of passages.slice(1)) expect(items.some(item => text.startsWith(item)) && items.some(item => text.endsWith(item))).toBe(true)
  })
})

describe('passages of scripts without spaces or capitals', () => {
  it('end where Japanese sentences end, and begin with the heading', () => {
    const section = (title: string): string => `${title}\n\n${'この会社は名義人によって保有されています。資金は三つの口座を経由して送られました。'.repeat(2)}`
    const passages = passagesOf([section('株主名簿'), section('送金の記録')].join('\n\n'))
    expect(beginningsOf(passages)).toEqual(['株主名簿', '送金の記録'])
    for (const text of passages) expect(text).toMatch(/。$/)
  })

  it('cut a long Chinese sentence after a clause', () => {
    const passages = passagesOf(`${'資金經由三個帳戶轉出到海外公司，'.repeat(30)}然後回到銀行。`)
    for (const text of passages) expect(text).toMatch(/[，。]$/)
  })

  it('cut Thai between words', () => {
    const content = 'บริษัทนี้จดทะเบียนที่หมู่เกาะเคย์แมนและไม่มีใครรู้ว่าเจ้าของที่แท้จริงคือใคร'.repeat(30)
    const words = new Set([...new Intl.Segmenter('th', { granularity: 'word' }).segment(content)].map(({ index }) => index))
    const passages = expectSound(content, { ...PASSAGE_TOKENS, countTokens: text => tokenizer.count(text) })
    expect(passages.length).toBeGreaterThan(1)
    for (const { start } of passages) expect(words.has(start)).toBe(true)
  })

  it('keep Arabic paragraphs and their headings', () => {
    const paragraph = 'تم تسجيل الشركة في جزر العذراء البريطانية قبل عشر سنوات. من هو المالك الحقيقي؟ حُوّلت الأموال إلى حساب آخر.'
    const passages = passagesOf(`سجل المساهمين\n\n${paragraph}\n\nالتحويلات\n\n${paragraph}`)
    expect(beginningsOf(passages)).toEqual(['سجل المساهمين', 'التحويلات'])
  })
})
