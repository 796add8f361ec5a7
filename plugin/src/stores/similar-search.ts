import { reactive } from 'vue'
import type { SimilarityApi } from '../api/client.ts'
import { hasRoomFor, isAskable, noCriteria, requestOf, withExample, type Anchor, type Criteria, type ExampleKind, type NamedExample } from '../search/criteria.ts'
import { createResultList } from './result-list.ts'

/** A search that a reader refines: what is asked for, and what was found. */
export type SimilarSearch = ReturnType<typeof createSimilarSearch>

/** `anchor` is what every question is about beside the reader's own criteria: an open document. `changed` hears of each question that is asked. */
export function createSimilarSearch(api: SimilarityApi, { anchor, changed = () => undefined }: { anchor?: Anchor, changed?: () => void } = {}) {
  const criteria = reactive<Criteria>(noCriteria())
  const list = createResultList(api)

  async function ask(project: string | null): Promise<void> {
    const canAsk = project !== null && (isAskable(criteria) || anchor !== undefined)
    if (!canAsk) list.reset()
    const answered = canAsk ? list.ask(project, requestOf(criteria, anchor)) : undefined
    changed()
    await answered
  }

  /** Asks again with changed criteria, once something has been asked for. */
  async function refine(change: Partial<Criteria>): Promise<void> {
    Object.assign(criteria, change)
    if (list.asked !== null) await ask(list.asked.project)
  }

  const canAdd = (kind: ExampleKind): boolean => hasRoomFor(criteria, kind, kind === 'like' ? anchor?.like.length : 0)
  const add = (kind: ExampleKind, example: NamedExample): Promise<void> => refine(withExample(criteria, kind, example))
  const remove = (kind: ExampleKind, example: NamedExample): Promise<void> => refine({ [kind]: criteria[kind].filter(other => other !== example) })

  return reactive({ criteria, list, ask, refine, canAdd, add, remove })
}
