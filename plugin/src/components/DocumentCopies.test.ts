import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it } from 'vitest'
import { fakeCore } from '../testing/fake-core.ts'
import { mountInPage } from '../testing/mount.ts'
import DocumentCopies from './DocumentCopies.vue'

enableAutoUnmount(afterEach)

const original = { documentId: 'd1', rootId: 'd1', title: 'deed.eml' }
const copy = { documentId: 'd2', rootId: 'r2', title: 'deed-2.eml', path: '/vault/deed-2.eml', similarity: 0.97 }
const address = (id: string, routing: string, limit: number) => `/api/vault/documents/content/${id}?routing=${routing}&offset=0&limit=${limit}`

async function compare(answers: Record<string, unknown>, similarity = 0.97) {
  const host = fakeCore({ answers })
  const wrapper = await mountInPage(DocumentCopies, { props: { project: 'vault', original, copies: [{ ...copy, similarity }] }, host })
  await wrapper.find('button').trigger('click')
  await wrapper.findAll('button').find(button => button.text() === 'Compare the texts')?.trigger('click')
  await flushPromises()
  return { wrapper, host }
}

/** Two texts as Datashare gives them: their lengths first, then as much as is asked for. */
const texts = (one: string, other: string) => Object.fromEntries([['d1', 'd1', one], ['d2', 'r2', other]].flatMap(([id = '', routing = '', text = '']) => [
  [address(id, routing, 0), { content: '', maxOffset: text.length }],
  [address(id, routing, Math.min(text.length, 100_000)), { content: text.slice(0, 100_000), maxOffset: text.length }],
]))

describe('the copies of a document', () => {
  it('show what differs in their texts, side by side', async () => {
    const { wrapper } = await compare(texts('To all.\nPay 4,000 now.\nBye.', 'To all.\nPay 4,500 now.\nBye.'))

    expect(wrapper.find('dialog [role=status]').text()).toBe('One line differs.')
    expect(wrapper.findAll('dialog th').map(heading => heading.text())).toEqual(['deed.eml', 'deed-2.eml'])
    expect([wrapper.find('del').text(), wrapper.find('ins').text()]).toEqual(['4,000', '4,500'])

    await wrapper.find('dialog .btn-close').trigger('click')
    expect(wrapper.find('dialog').exists()).toBe(false)
  })

  it('are compared in their beginnings only where they are long, and it is said', async () => {
    const { wrapper } = await compare(texts(`a ${'x'.repeat(100_000)}`, `b ${'x'.repeat(100_000)}`))

    expect(wrapper.find('dialog [role=status]').text()).toContain('Only the first 100,000 characters')
    expect(wrapper.find('ins').text()).toBe('b')
  })

  it('say so where Datashare does not give a text', async () => {
    const { wrapper } = await compare({})

    expect(wrapper.find('dialog [role=status]').text()).toBe('Datashare did not give both texts.')
  })

  it('have nothing to compare where they have the same text', async () => {
    const { wrapper } = await compare({}, 1)

    expect(wrapper.find('dialog').exists()).toBe(false)
  })
})
