import { describe, expect, it } from 'vitest'
import { SimilarityError } from '@datashare-similarity/shared'
import type { TaskEngine } from '../tasks/engine.ts'
import { readiness } from './health.ts'

const well = () => Promise.resolve()
const parts = {
  access: { version: () => Promise.resolve('21.18.0') },
  source: { ping: well },
  store: { ping: well },
  embedders: { defaultModel: { id: 'one' }, get: () => Promise.resolve({ ready: true }) },
}
const ask = (engine: Pick<TaskEngine, 'kind' | 'ping'>) => readiness({ ...parts, engine } as unknown as Parameters<typeof readiness>[0])

describe('readiness', () => {
  it('has Temporal as a part where it is the engine', async () => {
    expect(await ask({ kind: 'temporal', ping: well })).toMatchObject({ ready: true, checks: { temporal: { ok: true } } })
  })

  it('is not there while Temporal does not answer', async () => {
    const away = () => Promise.reject(new SimilarityError('temporal_unreachable'))

    expect(await ask({ kind: 'temporal', ping: away })).toMatchObject({ ready: false, checks: { store: { ok: true }, temporal: { ok: false, code: 'temporal_unreachable' } } })
  })

  it('does not name it elsewhere', async () => {
    const { ready, checks } = await ask({ kind: 'local', ping: well })

    expect(ready).toBe(true)
    expect(Object.keys(checks)).toEqual(['model', 'store', 'elasticsearch', 'datashare'])
  })
})
