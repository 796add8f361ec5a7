import { describe, expect, it } from 'vitest'
import type { Embedder } from '../embedding/embedder.ts'
import type { EmbeddingModel } from '../embedding/model.ts'
import { rememberingQueries } from './embed.ts'

const { signal } = new AbortController()

/** Answers with the length of a text, when it is let go. */
function embedderOf(id: string, revision: string) {
  const asked: string[] = []
  const gate = Promise.withResolvers<undefined>()
  const embedder = {
    model: { id, revision } as EmbeddingModel,
    queries: async (texts: readonly string[]) => {
      asked.push(...texts)
      await gate.promise
      return texts.map(text => new Float32Array([text.length]))
    },
  } as Embedder
  return { embedder, asked, open: () => { gate.resolve(undefined) }, fail: gate.reject }
}

describe('the vectors of queries', () => {
  it('are made once for a text and a model', async () => {
    const embed = rememberingQueries()
    const [one, other] = [embedderOf('a', '1'), embedderOf('a', '2')]
    one.open()
    other.open()

    expect(await embed(one.embedder, ['who', 'whom', 'who'], signal)).toEqual([3, 4, 3].map(length => new Float32Array([length])))
    await embed(one.embedder, ['whom', 'whose'], signal)
    await embed(other.embedder, ['who'], signal)
    expect(one.asked).toEqual(['who', 'whom', 'whose'])
    expect(other.asked).toEqual(['who'])
  })

  it('come for whoever still waits, when another has given up', async () => {
    const embed = rememberingQueries()
    const { embedder, asked, open } = embedderOf('a', '1')
    const givesUp = new AbortController()
    const [first, second] = [embed(embedder, ['who'], givesUp.signal), embed(embedder, ['who'], signal)]
    givesUp.abort(new Error('gave up'))

    await expect(first).rejects.toThrow('gave up')
    open()
    expect(await second).toEqual([new Float32Array([3])])
    expect(asked).toEqual(['who'])
  })

  it('are asked for again after a failure', async () => {
    const embed = rememberingQueries()
    const [broken, whole] = [embedderOf('a', '1'), embedderOf('a', '1')]
    broken.fail(new Error('the process is gone'))
    whole.open()

    await expect(embed(broken.embedder, ['who'], signal)).rejects.toThrow('the process is gone')
    expect(await embed(whole.embedder, ['who'], signal)).toEqual([new Float32Array([3])])
  })
})
