import { expect, test } from '@playwright/test'
import { API_VERSION_HEADER } from '@datashare-similarity/shared'
import type { Demo } from 'datashare-similarity/demo/demo'
import { changed, changingAnswers, held, ofAnotherVersion, refused } from '../support/answers.ts'
import { addressOf, startDemo, vectorize } from '../support/demo.ts'
import { ask, openSimilar, projectBlock, resultLinks, results } from '../support/page.ts'

test.use(changingAnswers)

const QUESTION = 'a crane with worn ropes'
const CRANE = 'inspections/2019/crane-4.docx'

test.describe('a state that the companion is seldom in', () => {
  let demo: Demo

  test.beforeAll(async () => {
    demo = await startDemo()
    await vectorize(demo, 'harbour')
  })
  test.afterAll(() => demo[Symbol.asyncDispose]())
  test.beforeEach(({ page }) => page.goto(demo.pageUrl))
  test.afterEach(({ page }) => page.unrouteAll({ behavior: 'ignoreErrors' }))

  test('a server of another version is named, and nothing that it says is shown', async ({ page }) => {
    await ofAnotherVersion(page, API_VERSION_HEADER)
    const sidebar = await ask(page, demo, 'harbour', QUESTION)
    await expect(sidebar.getByRole('alert')).toContainText('versions that do not work together')
    await expect(resultLinks(sidebar)).toHaveCount(0)
  })

  test('who is signed out is led to the sign-in', async ({ page }) => {
    await refused(page, 'anonymous')
    const sidebar = await ask(page, demo, 'harbour', QUESTION)
    await expect(sidebar.getByRole('link', { name: 'Sign in' })).toHaveAttribute('href', '#/login')
  })

  test('results by words only are said to be so', async ({ page }) => {
    await changed(page, '**/similar', { degraded: 'words-only' })
    const sidebar = await ask(page, demo, 'harbour', QUESTION)
    await expect(sidebar).toContainText('these results are found by words only')
    await page.unroute('**/similar')
    await sidebar.getByRole('button', { name: 'Try again' }).click()
    await expect(sidebar).not.toContainText('by words only')
  })

  test('a part of the documents, a rebuild, changed documents and a model that does not fit are told', async ({ page }) => {
    const coverage = { documents: 100, vectorized: 63, empty: 0, failed: 0, missing: 37, stale: 3, truncated: 0 }
    await changed(page, '**/similar', { coverage })
    const sidebar = await ask(page, demo, 'harbour', QUESTION)
    await expect(sidebar).toContainText('Results from 63% of the documents')
    await expect(sidebar).toContainText('3 documents have changed')

    const task = { id: 't', project: 'harbour', state: 'RUNNING', phase: 'embedding', mode: 'rebuild', progress: 0.4, counts: {} }
    await changed(page, '**/api/projects/harbour', { task, advice: ['model_language_mismatch'] })
    await sidebar.getByText('Meaning', { exact: true }).click()
    await expect(sidebar).toContainText('vectorized anew (40%)')
    await expect(sidebar).toContainText('does not know every language')
  })

  for (const [advice, text] of [['model_outdated', 'with another version of the model'], ['model_not_installed', 'datashare-similarity model pull']] as const) {
    test(`a project with ${advice} is told why it is searched by words, with the way to its page`, async ({ page }) => {
      await changed(page, '**/api/projects/harbour', { advice: [advice] })
      await changed(page, '**/similar', { degraded: 'words-only' })
      const sidebar = await ask(page, demo, 'harbour', QUESTION)
      await expect(sidebar).toContainText(text)
      await sidebar.getByRole('link', { name: 'See the project' }).click()
      await expect(projectBlock(page)).toContainText('By words only')
      await expect(page.getByRole('region', { name: 'Insights on similarity' })).toContainText(text)
      await expect(projectBlock(page).getByRole('button', { name: 'Rebuild' })).toBeVisible()
    })
  }

  for (const [status, text] of [['missing', 'is not vectorized yet'], ['empty', 'has no text'], ['failed', 'could not be vectorized']] as const) {
    test(`a document that is ${status} is told to be the reason`, async ({ page }) => {
      await changed(page, '**/similar', { results: [{ query: { like: true }, documents: [], hasMore: false, copies: [] }] })
      await changed(page, '**/api/projects/harbour/documents/*', { status, reason: status === 'failed' ? 'document_failed' : null })
      const panel = await openSimilar(page, demo, await addressOf(demo, 'harbour', CRANE))
      await expect(panel).toContainText('No similar documents')
      const reason = panel.getByRole('status').filter({ hasText: `This document ${text}` })
      await expect(reason).toBeVisible()
      await expect(reason.getByRole('link', { name: 'See the project' })).toHaveCount(status === 'empty' ? 0 : 1)
    })
  }

  test('a search that takes long says why, behind its skeleton', async ({ page }) => {
    const go = await held(page)
    const sidebar = await ask(page, demo, 'harbour', QUESTION)
    await expect(sidebar.locator('.placeholder').first()).toBeVisible()
    await expect(sidebar).toContainText('Still searching')
    go()
    await expect(results(sidebar).first()).toBeVisible()
  })
})
