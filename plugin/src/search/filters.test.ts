import { describe, expect, it } from 'vitest'
import { withDay, without, withPath, withValues } from './filters.ts'

describe('the filters of a search', () => {
  it('hold each value once, and none where none is left', () => {
    const filters = withValues(withValues({}, 'tags', ['tax']), 'tags', ['tax', 'boats'])

    expect(filters).toEqual({ tags: ['tax', 'boats'] })
    expect(without(filters, 'tags', ['tax'])).toEqual({ tags: ['boats'] })
    expect(without(filters, 'tags', ['tax', 'boats'])).toEqual({})
  })

  it('have a range of days with one end or two', () => {
    expect(withDay({}, 'from', '2014-01-01')).toEqual({ creationDate: { from: '2014-01-01' } })
    expect(withDay({ creationDate: { from: '2014-01-01' } }, 'to', '2015-01-01')).toEqual({ creationDate: { from: '2014-01-01', to: '2015-01-01' } })
    expect(withDay({ creationDate: { from: '2014-01-01' } }, 'from', '')).toEqual({})
  })

  it('never have a range that ends before it begins', () => {
    expect(withDay({ creationDate: { from: '2014-01-01' } }, 'to', '2013-05-06')).toEqual({ creationDate: { from: '2013-05-06', to: '2013-05-06' } })
  })

  it('have a folder, or none', () => {
    expect(withPath({}, ' /vault/x ')).toEqual({ path: '/vault/x' })
    expect(withPath({ path: '/vault/x' }, ' ')).toEqual({})
  })
})
