import { expect, it } from 'vitest'
import { createStandInEmbedders } from '../testing/stand-in-embedders.ts'
import { measureUpdates } from '../testing/update-run.ts'

it('of 10,000 documents an update reads and embeds what has changed, and nothing else', async () => {
  const runs = await measureUpdates(createStandInEmbedders(), { documents: 10_000, characters: 250, changed: 100 })

  expect(runs.map(({ run, read, embedded }) => ({ run, read, embedded }))).toEqual([
    { run: 'first', read: 10_000, embedded: 10_000 },
    { run: 'nothing changed', read: 0, embedded: 0 },
    { run: 'some changed', read: 100, embedded: 100 },
    { run: 'some extracted anew', read: 100, embedded: 0 },
  ])
}, 240_000)
