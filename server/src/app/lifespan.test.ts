import { describe, expect, it } from 'vitest'
import { createLogger } from '../log.ts'
import { Lifespan } from './lifespan.ts'

const setUp = () => {
  const events: string[] = []
  const lifespan = new Lifespan(createLogger('silent'))
  const provide = (name: string, fault: { setup?: boolean, teardown?: boolean } = {}) => lifespan.provide(name, () => {
    events.push(`set up ${name}`)
    return fault.setup === true ? Promise.reject(new Error(`${name} does not start`)) : Promise.resolve(name)
  }, (it) => {
    events.push(`tear down ${it}`)
    return fault.teardown === true ? Promise.reject(new Error(`${name} does not stop`)) : Promise.resolve()
  })
  return { events, lifespan, provide }
}

describe('lifespan dependencies', () => {
  it('are set up in order and torn down in reverse', async () => {
    const { events, lifespan, provide } = setUp()
    expect(await provide('client')).toBe('client')
    await provide('store')

    await lifespan.close()

    expect(events).toEqual(['set up client', 'set up store', 'tear down store', 'tear down client'])
  })

  it('are undone when a later one does not start, and the one that failed is not torn down', async () => {
    const { events, lifespan, provide } = setUp()
    await provide('client')
    await expect(provide('store', { setup: true })).rejects.toThrow('store does not start')

    await lifespan.close()

    expect(events).toEqual(['set up client', 'set up store', 'tear down client'])
  })

  it('are all torn down although one of them fails, and the failure is told', async () => {
    const { events, lifespan, provide } = setUp()
    await provide('client')
    await provide('store', { teardown: true })
    await provide('engine')

    await expect(lifespan.close()).rejects.toThrow('store does not stop')

    expect(events.slice(3)).toEqual(['tear down engine', 'tear down store', 'tear down client'])
  })

  it('are torn down once, however often they are closed', async () => {
    const { events, lifespan, provide } = setUp()
    await provide('client')

    await lifespan.close()
    await lifespan.close()

    expect(events.filter(event => event.startsWith('tear down'))).toHaveLength(1)
  })
})
