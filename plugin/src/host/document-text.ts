import type { Core } from './core.ts'

export interface TextPlace {
  readonly project: string
  readonly documentId: string
  /** Routing of a document that lies inside of another one. */
  readonly rootId?: string | null | undefined
}

interface Slice { readonly content: string, readonly maxOffset: number }

/**
 * The text of a document between two offsets (UTF-16 units, end exclusive), which Datashare gives to whom it shows the document.
 * Null where it does not: it also refuses what lies beyond the end.
 */
export async function readText(core: Core, { project, documentId, rootId }: TextPlace, start: number, end: number): Promise<string | null> {
  return (await slice(core, { project, documentId, rootId }, start, end))?.content ?? null
}

/** A text from its beginning, `longest` units of it at most, and whether that is all of it. */
export async function readBeginning(core: Core, place: TextPlace, longest: number): Promise<{ text: string, isWhole: boolean } | null> {
  const { maxOffset: length } = await slice(core, place, 0, 0) ?? {}
  if (length === undefined) return null
  const text = await readText(core, place, 0, Math.min(length, longest))
  return text === null ? null : { text, isWhole: length <= longest }
}

async function slice({ api }: Core, { project, documentId, rootId }: TextPlace, start: number, end: number): Promise<Slice | null> {
  const query = new URLSearchParams({ routing: rootId || documentId, offset: String(start), limit: String(end - start) })
  try {
    const answer = await api?.sendAction?.(`/api/${encodeURIComponent(project)}/documents/content/${encodeURIComponent(documentId)}?${query.toString()}`)
    return isSlice(answer) ? answer : null
  } catch {
    return null
  }
}

const isSlice = (answer: unknown): answer is Slice => typeof answer === 'object' && answer !== null && 'content' in answer && typeof answer.content === 'string'
