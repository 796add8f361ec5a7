import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SimilarityError } from '@datashare-similarity/shared'
import { createFairQueue, type FairQueueOptions } from './fair-queue.ts'

const options: FairQueueOptions = { atOnce: 3, atOncePerCaller: 2, waiting: 8, waitingPerCaller: 4 }
const never = new AbortController().signal
const turns = async (): Promise<void> => { for (let turn = 0; turn < 20; turn++) await Promise.resolve() }

/** Works that end when told to, with a record of who was served in which order. */
function works(queue = createFairQueue(options)) {
  const started: string[] = []
  const open: { caller: string, end: () => void }[] = []
  const ask = (caller: string, signal = never): Promise<string> => queue.run(caller, signal, () => {
    started.push(caller)
    return new Promise<string>(resolve => open.push({ caller, end: () => resolve(caller) }))
  })
  const endFirst = async (): Promise<void> => {
    open.shift()?.end()
    await turns()
  }
  return { started, open, ask, endFirst }
}

describe('searches of several callers', () => {
  it('are served in turn: one who sends many waits for himself', async () => {
    const { started, ask, endFirst } = works()
    for (const caller of ['a', 'a', 'a', 'a', 'a', 'b', 'c', 'c']) void ask(caller)
    await turns()
    expect(started).toEqual(['a', 'a', 'b'])

    for (let round = 0; round < 5; round++) await endFirst()
    expect(started.slice(3)).toEqual(['a', 'c', 'a', 'c', 'a'])
  })

  it('are refused beyond what may wait, each caller for himself first', async () => {
    const { ask } = works()
    const kept = (caller: string): void => void ask(caller)
    for (let number = 0; number < 6; number++) kept('a')
    await expect(ask('a')).rejects.toMatchObject({ code: 'rate_limited' })
    for (const caller of ['b', 'c', 'd', 'e', 'f']) kept(caller)
    await expect(ask('g')).rejects.toMatchObject({ code: 'rate_limited' })
  })

  it('leave the queue when their caller goes away, and never begin', async () => {
    const { started, ask, endFirst } = works()
    const gone = new AbortController()
    for (const caller of ['a', 'a', 'b']) void ask(caller)
    const left = ask('a', gone.signal)
    void ask('c')
    gone.abort(new SimilarityError('deadline_exceeded'))
    await expect(left).rejects.toMatchObject({ code: 'deadline_exceeded' })

    await endFirst()
    await endFirst()
    expect(started).toEqual(['a', 'a', 'b', 'c'])
  })

  it('answer at the deadline while they work, but give their place back only when the work has ended', async () => {
    const { started, ask, endFirst } = works(createFairQueue({ ...options, atOnce: 1 }))
    const late = new AbortController()
    const first = ask('a', late.signal)
    void ask('b')
    await turns()
    late.abort(new SimilarityError('deadline_exceeded'))
    await expect(first).rejects.toMatchObject({ code: 'deadline_exceeded' })
    expect(started).toEqual(['a'])

    await endFirst()
    expect(started).toEqual(['a', 'b'])
  })

  it('never exceed the bounds, and every one of them is answered, whatever comes', async () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('ask' as const), caller: fc.constantFrom('a', 'b', 'c', 'd') }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('end' as const), at: fc.nat(5) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), at: fc.nat(30) }) },
    )
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
      const { open, ask, endFirst } = works()
      const asked: { answer: Promise<unknown>, controller: AbortController }[] = []
      const working = (caller: string): number => open.filter(work => work.caller === caller).length
      for (const each of steps) {
        if (each.kind === 'ask') {
          const controller = new AbortController()
          asked.push({ controller, answer: ask(each.caller, controller.signal).catch((error: unknown) => (error instanceof SimilarityError ? error.code : 'other')) })
        } else if (each.kind === 'end') {
          open.splice(each.at, 1)[0]?.end()
        } else {
          asked[each.at]?.controller.abort(new SimilarityError('deadline_exceeded'))
        }
        await turns()
        expect(open.length).toBeLessThanOrEqual(options.atOnce)
        for (const caller of ['a', 'b', 'c', 'd']) expect(working(caller)).toBeLessThanOrEqual(options.atOncePerCaller)
      }
      while (open.length > 0) await endFirst()
      const answers = await Promise.all(asked.map(({ answer }) => answer))
      expect(answers.every(answer => ['a', 'b', 'c', 'd', 'rate_limited', 'deadline_exceeded'].includes(String(answer)))).toBe(true)
    }), { numRuns: 150 })
  })
})
