import { enableAutoUnmount, flushPromises } from '@vue/test-utils'
import type { Project } from '@datashare-similarity/shared'
import { afterEach, describe, expect, it } from 'vitest'
import { defineComponent, h } from 'vue'
import { aCoverage, aProject, aTask, fakeCompanion, json } from '../testing/companion.ts'
import { mountInPage } from '../testing/mount.ts'
import ProjectStateIcon from './ProjectStateIcon.vue'

enableAutoUnmount(afterEach)

const listed = (projects: Partial<Project>[]) => () => json({ items: projects.map(aProject), pagination: { count: projects.length, from: 0, size: 100, total: projects.length } })
const Rows = defineComponent({ render: () => ['vault', 'other', 'unheard-of'].map(name => h(ProjectStateIcon, { project: { name } })) })

describe('the state of a project in the list', () => {
  it.each<{ project: Partial<Project>, label: string }>([
    { project: { generation: null }, label: 'Not vectorized: see The vault' },
    { project: {}, label: 'Vectorized, up to date: see The vault' },
    { project: { coverage: aCoverage({ vectorized: 7, missing: 2, stale: 1 }) }, label: '3 documents to vectorize: see The vault' },
    { project: { coverage: aCoverage({ vectorized: 9, failed: 1 }) }, label: 'One document failed: see The vault' },
    { project: { task: aTask() }, label: 'Being vectorized, 25%: see The vault' },
  ])('is told in words: $label', async ({ project, label }) => {
    fakeCompanion({ 'GET /api/projects': listed([project]) })
    const wrapper = await mountInPage(ProjectStateIcon, { props: { project: { name: 'vault' } } })

    expect(wrapper.attributes()).toMatchObject({ 'aria-label': label, 'href': '/project/vault' })
  })

  it('costs one question for every row, and shows nothing of a project that the companion does not know', async () => {
    const companion = fakeCompanion({ 'GET /api/projects': listed([{}, { project: 'other' }]) })
    const wrapper = await mountInPage(Rows)
    await flushPromises()

    expect(wrapper.findAll('a')).toHaveLength(2)
    expect(companion.calls).toHaveLength(1)
  })

  it('is not shown, without a word, where the companion does not answer', async () => {
    fakeCompanion({})
    const wrapper = await mountInPage(Rows)

    expect(wrapper.text()).toBe('')
    expect(wrapper.findAll('a')).toEqual([])
  })
})
