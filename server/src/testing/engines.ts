import { describe } from 'vitest'
import { hasJava } from './elasticsearch.ts'

export type Engine = 'local' | 'temporal'

export const isLong = process.env['SIMILARITY_LONG_TESTS'] === '1'

/**
 * The same cases on the local engine and, in the long form, on Temporal, with vectors and tasks in Elasticsearch.
 * @param cases are told the engine, and what a numbered title has behind its number
 */
export function describeEngines(name: string, cases: (engine: Engine, form: '' | ' (long)') => void, isPossible = true): void {
  describe.skipIf(!isPossible)(`${name}, with the local engine`, () => cases('local', ''))
  describe.skipIf(!isPossible || !isLong || !hasJava())(`${name}, with Temporal (long, needs Java 17 and Maven)`, () => cases('temporal', ' (long)'))
}
