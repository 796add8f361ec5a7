import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { fakeCore } from '../testing/fake-core.ts'
import { mountInPage } from '../testing/mount.ts'
import PassageInText from './PassageInText.vue'

enableAutoUnmount(afterEach)

const opened = { id: 'd1', index: 'vault', routing: 'root1' }
const SLICE = '/api/vault/documents/content/d1?routing=root1&offset=10&limit=24'

const CONTENT: Record<string, unknown> = { [SLICE]: { content: 'The nominees sign here.' } }

async function openAt(address: string, { text = 'Before. The nominees sign here. After.', answers = CONTENT } = {}) {
  const host = fakeCore({ document: opened, answers })
  await host.router.push(address)
  const wrapper = await mountInPage(PassageInText, { host })
  const { parentElement } = wrapper.element as HTMLElement
  parentElement?.append(text)
  await flushPromises()
  return { host, wrapper }
}

describe('a document that is opened at a passage', () => {
  it('reads the passage from Datashare where it came by a link, and says that it is marked', async () => {
    const { host, wrapper } = await openAt('/d/vault/d1/root1?passage=10-34')

    expect(host.sent.map(({ url }) => url)).toEqual([SLICE])
    await vi.waitFor(() => expect(wrapper.find('[role=status]').text()).toContain('The similar passage is marked below.'))
  })

  it('takes the mark away', async () => {
    const { wrapper } = await openAt('/d/vault/d1/root1?passage=10-34')

    await vi.waitFor(() => wrapper.find('.btn-link').trigger('click'))

    expect(wrapper.find('.alert').exists()).toBe(false)
  })

  it('shows the passage itself where the text before the reader has it not', async () => {
    const { wrapper } = await openAt('/d/vault/d1/root1?passage=10-34', { text: 'Something else.' })

    await vi.waitFor(() => expect(wrapper.find('blockquote').exists()).toBe(true))
    expect(wrapper.find('blockquote').text()).toBe('The nominees sign here.')
  })

  it.each([
    ['no passage', '/d/vault/d1/root1'],
    ['another document', '/d/vault/other?passage=10-34'],
    ['no sound range', '/d/vault/d1?passage=34-10'],
    ['a range without end', '/d/vault/d1?passage=1-999999999'],
  ])('shows nothing for %s', async (_, address) => {
    expect((await openAt(address)).wrapper.find('.alert').exists()).toBe(false)
  })

  it('shows nothing where Datashare does not give the text', async () => {
    expect((await openAt('/d/vault/d1/root1?passage=10-34', { answers: {} })).wrapper.find('.alert').exists()).toBe(false)
  })
})
