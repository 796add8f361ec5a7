import { type ResultGroup, type SimilarRequest } from '@datashare-similarity/shared'
import { SimilarAnswerSchema, SimilarRequestSchema } from '@datashare-similarity/shared/contract'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { HydratedDocument } from '../datashare/hydrate.ts'
import type { Embedders } from '../embedding/embedder.ts'
import { openEmbedders } from '../embedding/embedders.ts'
import { log } from '../testing/chain.ts'
import { openLocalChain, type LocalChain } from '../testing/local-chain.ts'
import { createMemoryHydrator, type MemoryHydrator } from '../testing/memory-hydrator.ts'
import { SAMPLE_COPIES, sampleTexts } from '../testing/sample-collection.ts'
import { createFindMostSimilar } from './find-most-similar.ts'
import { knownLanguages } from './languages.ts'

const [MEMOS = [], CONTRACTS = [], INVOICES = [], RECORDS = []] = SAMPLE_COPIES
const [MEMO = '', NEXT_MEMO = '', FORWARD = '', DESK_COPY = ''] = MEMOS
const OTHERS = ['letters/2017/insurer-declines.pdf', 'contracts/2014/yacht-charter.pdf', 'inbox/2013/nominee-fees.eml', 'invoices/2014/delmorra-invoice-0417.pdf']
const SHELF = 'dormant shelf companies fall due for renewal'

const minutes = Array.from({ length: 100 }, (_, index) => `minute${String.fromCharCode(97 + index % 26, 97 + index % 7, 97 + index % 11)}`)
const changed = (words: readonly string[], from: number, to: number): string[] => words.map((word, index) => (index >= from && index < to ? `${word}x` : word))
/** Each is a copy of its neighbours, but the last is none of the first. */
const CHAIN = [minutes, changed(minutes, 0, 14), changed(changed(minutes, 0, 14), 86, 100)].map((words, index) => ({ id: `chain-${index}`, content: words.join(' ') }))

let embedders: Embedders
let chain: LocalChain
let hydrator: MemoryHydrator

beforeAll(async () => {
  embedders = await openEmbedders({ defaultModel: 'all-MiniLM-L6-v2', threads: 1, log })
  chain = await openLocalChain(embedders)
  const texts = await sampleTexts()
  const documents = [...[...SAMPLE_COPIES.flat(), ...OTHERS].map(id => ({ id, content: texts.get(id) ?? '' })), ...CHAIN]
  const shown = new Map<string, HydratedDocument & { content: string }>()
  for (const { id, content } of documents) {
    const rootId = id === DESK_COPY ? MEMO : id
    chain.source.put(chain.project.name, { id, rootId, content })
    shown.set(id, { id, rootId, title: id, path: `/vault/${id}`, contentType: 'text/plain', language: 'ENGLISH', creationDate: null, content })
  }
  hydrator = createMemoryHydrator(shown)
  await chain.vectorize()
}, 120_000)

afterAll(async () => {
  await chain[Symbol.asyncDispose]()
  await embedders.close()
})

afterEach(() => hydrator.hidden.clear())

/** The first group of the answer. */
async function group(request: SimilarRequest): Promise<ResultGroup> {
  const { store, generations, project } = chain
  const coverage = { documents: 0, vectorized: 0, empty: 0, failed: 0, missing: 0, stale: 0, truncated: 0 }
  const find = createFindMostSimilar({ store, generations, hydrator, embedders, languagesOf: knownLanguages({ store, embedders }), coverage: () => Promise.resolve(coverage) })
  const { results } = SimilarAnswerSchema.parse(await find(project, SimilarRequestSchema.parse(request), new AbortController().signal))
  return results[0]!
}

const ids = (documents: readonly { documentId: string }[]): string[] => documents.map(({ documentId }) => documentId)
/** Everything that a page tells of: results and what is folded under them. */
const told = ({ documents }: ResultGroup): string[] => documents.flatMap(({ documentId, duplicates }) => [documentId, ...ids(duplicates)])

describe('near-identical copies', () => {
  it.each([
    ['memos', SHELF, MEMOS], ['contracts', 'contrat de consultance Delmorra', CONTRACTS], ['invoices', 'prótesis de cadera factura', INVOICES], ['records', 'трещины дамбы', RECORDS],
  ])('of %s are folded under the best, all of them and nothing else', async (_, query, copies) => {
    const { documents } = await group({ queries: [query], size: 30 })

    const [first] = documents.filter(({ documentId }) => copies.includes(documentId))
    expect(documents.filter(({ documentId }) => copies.includes(documentId))).toHaveLength(1)
    expect([first!.documentId, ...ids(first!.duplicates)].sort()).toEqual([...copies].sort())
  })

  it('say how similar they are, the most similar first, and 1 only for the same text', async () => {
    const { documents } = await group({ queries: [SHELF, 'x'] })
    const { documents: records } = await group({ queries: ['трещины дамбы'] })

    const similarities = documents[0]!.duplicates.map(({ similarity }) => similarity)
    expect(similarities).toEqual(similarities.toSorted((a, b) => b - a))
    expect(similarities.every(similarity => similarity > 0.75 && similarity < 1)).toBe(true)
    expect(records.find(({ documentId }) => RECORDS.includes(documentId))!.duplicates.map(({ similarity }) => similarity)).toEqual([1])
  })

  it('that the caller does not see are not listed, and another stands for them', async () => {
    const before = await group({ queries: [SHELF] })
    hydrator.hidden.add(before.documents[0]!.documentId)
    const { documents: [first] } = await group({ queries: [SHELF] })

    expect(MEMOS).toContain(first!.documentId)
    expect(first!.duplicates).toHaveLength(2)
    expect([first!.documentId, ...ids(first!.duplicates)]).not.toContain(before.documents[0]!.documentId)
  })

  it('that are excluded are not listed, by themselves or with their family', async () => {
    const withoutForward = await group({ queries: [SHELF], filters: { excludeDocumentIds: [FORWARD] } })
    const withoutFamily = await group({ queries: [SHELF], filters: { excludeFamilyOf: MEMO } })

    expect(told(withoutForward)).not.toContain(FORWARD)
    expect(told(withoutFamily).filter(id => MEMOS.includes(id)).sort()).toEqual([NEXT_MEMO, FORWARD].sort())
  })

  it('stand alone where folding is off', async () => {
    const { documents } = await group({ queries: [SHELF], foldDuplicates: false })

    expect(ids(documents).slice(0, 4).sort()).toEqual([...MEMOS].sort())
    expect(documents.every(({ duplicates }) => duplicates.length === 0)).toBe(true)
  })

  it('never come up twice on the pages of an answer, folded or not', async () => {
    for (const queries of [[SHELF], ['minuteaaa minuteabb'], ['minutes of a meeting']]) {
      const pages = await Promise.all(Array.from({ length: 14 }, (_, from) => group({ queries, size: 1, from })))
      const all = pages.flatMap(told)
      expect(all).toHaveLength(new Set(all).size)
      expect(all.sort()).toEqual([...SAMPLE_COPIES.flat(), ...OTHERS, ...CHAIN.map(({ id }) => id)].sort())
    }
  })

  it('of a copy, that are none of the document itself, are not folded under it', async () => {
    hydrator.hidden.add('chain-1')
    const { documents } = await group({ queries: [CHAIN[0]!.content] })

    expect(ids(documents)).toEqual(expect.arrayContaining(['chain-0', 'chain-2']))
    expect(told({ query: { like: true }, hasMore: false, copies: [], documents: documents.filter(({ documentId }) => documentId === 'chain-0') })).toEqual(['chain-0'])
  })
})

describe('an example', () => {
  it('that is a document has its copies listed apart, and never among the results', async () => {
    const { documents, copies } = await group({ like: [{ documentId: MEMO }], size: 30 })

    expect(told({ query: { like: true }, hasMore: false, copies: [], documents }).filter(id => MEMOS.includes(id))).toEqual([])
    expect(ids(copies).sort()).toEqual([NEXT_MEMO, FORWARD, DESK_COPY].sort())
    expect(copies[0]).toEqual({ documentId: NEXT_MEMO, rootId: NEXT_MEMO, title: NEXT_MEMO, path: `/vault/${NEXT_MEMO}`, similarity: 0.96 })
  })

  it('lists no copy that the caller does not see, or has excluded', async () => {
    hydrator.hidden.add(NEXT_MEMO)

    expect(ids((await group({ like: [{ documentId: MEMO }], filters: { excludeFamilyOf: MEMO } })).copies)).toEqual([FORWARD])
    expect(ids((await group({ like: [{ documentId: MEMO }], filters: { excludeDocumentIds: [FORWARD] } })).copies)).toEqual([DESK_COPY])
  })

  it('lists its copies also where the filters leave no result, and where they are not folded', async () => {
    expect(await group({ like: [{ documentId: MEMO }], filters: { tags: ['nobody'] }, foldDuplicates: false })).toMatchObject({ documents: [], copies: [{}, {}, {}] })
  })

  it('of several lists each copy once, but no other example', async () => {
    const { copies } = await group({ like: [{ documentId: MEMO }, { documentId: NEXT_MEMO }, { documentId: CONTRACTS[0]! }] })

    expect(ids(copies).sort()).toEqual([FORWARD, DESK_COPY, CONTRACTS[1]!].sort())
  })

  it('that is a passage has the copies of its document listed', async () => {
    expect(ids((await group({ like: [{ documentId: INVOICES[0]!, passage: { start: 0, end: 50 } }] })).copies)).toEqual([INVOICES[1]])
  })

  it('to avoid takes its copies out of the results too', async () => {
    expect(told(await group({ queries: [SHELF], unlike: [{ documentId: FORWARD }], size: 30 })).filter(id => MEMOS.includes(id))).toEqual([])
  })

  it('that is a text finds what is copied from it, and calls it near-identical', async () => {
    const text = (await sampleTexts()).get(MEMO)!.replace('in the register', 'in the book').replace('common seal', 'seal')
    const { documents, copies } = await group({ like: [{ text }], size: 30, foldDuplicates: false })

    expect(ids(documents.filter(({ strength }) => strength === 'near-identical')).sort()).toEqual([...MEMOS].sort())
    expect(copies).toEqual([])
    expect(ids((await group({ like: [{ text }], minimumStrength: 'near-identical' })).documents.filter(({ strength }) => strength !== 'words'))).toHaveLength(1)
  })
})
