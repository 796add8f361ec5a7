import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readDebian, readPinned } from './download.ts'
import { joinedDocuments } from './joined.ts'
import { knownItems, type BenchDocument, type BenchQuery, type RawDocument } from './known-items.ts'
import { htmlToText } from './markup.ts'
import { DEBIAN, ELECTRON, ENGLISH, FASTAPI, type Language } from './sources.ts'

export const COLLECTIONS = ['english', 'languages', 'debian', 'sample', 'joined'] as const
export type CollectionName = typeof COLLECTIONS[number]

export interface Collection {
  readonly name: CollectionName
  readonly documents: readonly BenchDocument[]
  readonly queries: readonly BenchQuery[]
  /** What it is made of, and what had to be left out. */
  readonly notes: readonly string[]
}

const LANGUAGES: Readonly<Record<string, Language>> = { de: 'GERMAN', es: 'SPANISH', fr: 'FRENCH', ja: 'JAPANESE', ru: 'RUSSIAN', zh: 'CHINESE' }

/** Makes a collection out of what its registry gives. `cache` is a folder for archives. */
export const makeCollection: Readonly<Record<CollectionName, (cache: string) => Promise<Collection>>> = {
  async english(cache) {
    const raw: RawDocument[] = []
    for (const source of ENGLISH) {
      for (const { path, text } of await readPinned(source, cache, source.documents)) raw.push({ id: `${source.name}/${path}`, language: 'ENGLISH', text })
    }
    return { name: 'english', ...knownItems(raw, { documents: 1_550, queries: 900, queriesOfDocument: 2 }), notes: ENGLISH.map(({ name, version }) => `${name} ${version}`) }
  },

  async languages(cache) {
    const pages = await readPinned(FASTAPI, cache, FASTAPI.documents)
    const raw = [...pages.map(({ path, text }) => ({ id: `fastapi/${path}`, language: languageOf(path.split('/')[1]), text })), ...await electronPages(cache)]
    return { name: 'languages', ...knownItems(raw, { documents: 150, queries: 120, queriesOfDocument: 2 }), notes: [FASTAPI, ELECTRON].map(({ name, version }) => `${name} ${version}`) }
  },

  async debian(cache) {
    const raw: RawDocument[] = []
    const notes = new Set<string>()
    for (const source of DEBIAN) {
      const found = await readDebian(source, cache)
      notes.add('missing' in found ? `skipped: ${found.missing}` : `${source.package} ${found.version}`)
      if ('files' in found) raw.push(...found.files.map(({ path, text }) => ({ id: `${source.language}${path}`, language: source.language, text: htmlToText(text) })))
    }
    return { name: 'debian', ...knownItems(raw, { documents: 50, queries: 60, queriesOfDocument: 2 }), notes: [...notes] }
  },

  sample: readSample,

  async joined(cache) {
    const { documents, notes } = await makeCollection.english(cache)
    return { name: 'joined', ...joinedDocuments(documents), notes }
  },
}

const languageOf = (code: string | undefined): Language => {
  const language = LANGUAGES[code ?? '']
  if (language === undefined) throw new Error(`no language has the code ${code ?? ''}`)
  return language
}

type Pages = Readonly<Record<string, { readonly html: string }>>

async function electronPages(cache: string): Promise<RawDocument[]> {
  const [file] = await readPinned(ELECTRON, cache, /^dist\/docs\.json$/)
  const byLocale = JSON.parse(file?.text ?? '') as Readonly<Record<string, Pages>>
  return Object.entries(byLocale).flatMap(([locale, pages]) => {
    const language = LANGUAGES[locale.slice(0, 2)]
    return language === undefined ? [] : Object.entries(pages).map(([path, { html }]) => ({ id: `${locale}${path}.html`, language, text: htmlToText(html) }))
  })
}

const SAMPLE = fileURLToPath(new URL('../../e2e/collection', import.meta.url))
interface Listed {
  readonly projects: readonly { readonly name: string, readonly documents: readonly { readonly path: string, readonly language: string }[] }[]
}
interface Judgements {
  readonly queries: readonly { readonly id: string, readonly language: string, readonly query: string, readonly relevant: readonly string[] }[]
}

const readJson = async (name: string): Promise<unknown> => JSON.parse(await readFile(join(SAMPLE, name), 'utf8'))

/** The demo's collection, with judgements made by hand. Its documents are named by their paths, as the judgements have them. */
async function readSample(): Promise<Collection> {
  const { projects } = await readJson('collection.json') as Listed
  const { queries } = await readJson('judgements.json') as Judgements
  const listed = projects.find(({ name }) => name === 'meridian')?.documents ?? []
  const documents = await Promise.all(listed.map(async ({ path, language }) => ({ id: path, language, content: await readFile(join(SAMPLE, 'meridian', `${path}.txt`), 'utf8') })))
  return {
    name: 'sample', documents, notes: [`${queries.length} judgements by hand`],
    queries: queries.map(({ id, language, query, relevant }) => ({ id, language, text: query, like: null, relevant, answerAt: null, part: 'report' })),
  }
}
