import { expect, test } from '@playwright/test'
import type { Demo } from 'datashare-similarity/demo/demo'
import { startDemo } from '../support/demo.ts'
import { expectAccessible, expectNoSidewaysScroll, lookOften, projectBlock, signIn, watch } from '../support/page.ts'

test.describe('whoever looks after a project', () => {
  test.describe.configure({ mode: 'serial' })

  let demo: Demo
  let faults: string[]

  test.beforeAll(async () => { demo = await startDemo() })
  test.afterAll(() => demo[Symbol.asyncDispose]())
  test.beforeEach(({ page }) => { faults = watch(page, demo) })
  test.afterEach(() => expect(faults).toEqual([]))

  test('sees in the list how each project stands, by one question for all of them, in rows and cards', async ({ page }) => {
    const asked: string[] = []
    page.on('request', (request) => {
      if (request.method() === 'GET' && request.url().startsWith(`${demo.companionUrl}/api`)) asked.push(new URL(request.url()).pathname)
    })
    await page.goto(`${demo.pageUrl}/#/project`)
    await expect(page.getByRole('link', { name: 'Not vectorized: see Meridian Papers' })).toBeVisible()
    await expect(page.getByRole('link', { name: 'Not vectorized: see Harbour Inspections' })).toBeVisible()
    await page.getByRole('link', { name: 'Show as cards' }).click()
    await expect(page.getByRole('article').getByRole('link', { name: 'Not vectorized: see Harbour Inspections' })).toBeVisible()
    expect(asked).toEqual(['/api/projects'])
    await expectAccessible(page, '.similarity-state-icon')

    await page.getByRole('link', { name: 'Not vectorized: see Harbour Inspections' }).click()
    await expect(projectBlock(page)).toContainText('Not vectorized')
  })

  test('vectorizes it, is told so, and finds the run under Tasks, also by its address', async ({ page }) => {
    await lookOften(page)
    await page.goto(`${demo.pageUrl}/#/project/harbour`)
    await projectBlock(page).getByRole('button', { name: 'Vectorize' }).click()
    await expect(projectBlock(page)).toContainText(/7 documents, .* on disk/)
    await projectBlock(page).getByRole('button', { name: 'Start' }).click()
    await expect(page.getByText('The vectorization of Harbour Inspections has started')).toBeVisible()
    await expect(projectBlock(page)).toContainText('Up to date', { timeout: 30_000 })

    await page.getByRole('link', { name: 'Vectorizations', exact: true }).first().click()
    const row = page.getByRole('row').filter({ hasText: 'Harbour Inspections' })
    await expect(row).toContainText('Done')
    await page.reload()
    await expect(row).toContainText('Done')
    await expect(page.getByRole('navigation', { name: 'Vectorizations' })).toContainText('Tasks')
    await row.getByRole('button', { name: 'Update' }).click()
    await page.getByRole('button', { name: 'Show the batches' }).click()
    await expect(page.getByText('Batch 1')).toBeVisible()
    await expectAccessible(page, '.similarity-tasks')
  })

  test('reads coverage, languages and the fit of the model among the insights, and starts from there', async ({ page }) => {
    await page.goto(`${demo.pageUrl}/#/project/harbour`)
    const widget = page.getByRole('region', { name: 'Insights on similarity' })
    await expect(widget).toContainText('7 vectorized')
    await expect(widget).toContainText('Model: all-MiniLM-L6-v2, which reads English')
    await expectAccessible(page, '.similarity-widget')

    await widget.getByRole('button', { name: 'Rebuild' }).click()
    await expect(page.locator('.similarity-plan')).toBeFocused()
    await expect(projectBlock(page)).toContainText('What is there now answers until it is done')
    await projectBlock(page).getByRole('button', { name: 'Cancel' }).click()
    await expect(page.locator('.similarity-plan')).toBeHidden()
    await projectBlock(page).getByRole('button', { name: 'Details' }).click()
    await expect(projectBlock(page)).toContainText(/Update, started by local on .* It took \d+ sec/)
    await expectAccessible(page, '.similarity-vectorization')
  })

  test('cancels a run on the page of all runs, and resumes it', async ({ page }) => {
    await lookOften(page)
    await fetch(`${demo.companionUrl}/api/projects/meridian/vectorize`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"batchSize":8}' })
    await page.goto(`${demo.pageUrl}/#/tasks/vectorizations?project=meridian`)
    const rows = page.getByRole('row').filter({ hasText: 'Meridian Papers' })
    await expect(rows).toContainText(/Reading the documents|Looking through/)
    await expect(page.getByRole('row').filter({ hasText: 'Harbour Inspections' })).toHaveCount(0)

    await rows.getByRole('button', { name: 'Cancel this vectorization' }).click()
    await expect(rows).toContainText('Cancelled')
    await rows.getByRole('button', { name: 'Resume this vectorization' }).click()
    await expect(rows).toHaveCount(2)
    await rows.last().getByRole('button', { name: 'Remove from this list' }).click()
    await expect(rows).toHaveCount(1)
    await expect(rows).toContainText('Done', { timeout: 60_000 })
    await expect(rows.getByRole('button', { name: 'Resume this vectorization' })).toHaveCount(0)
  })

  test('reads all of it on a phone without scrolling sideways, in the dark', async ({ page }) => {
    await page.setViewportSize({ width: 420, height: 900 })
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.goto(`${demo.pageUrl}/#/project/meridian`)
    await expect(projectBlock(page)).toContainText('97 of 98 vectorized')
    await projectBlock(page).getByRole('button', { name: 'Details' }).click()
    await expect(projectBlock(page)).toContainText('documents are in languages that the model does not read')
    await expectNoSidewaysScroll(page)
    await expectAccessible(page, '.similarity-vectorization', '.similarity-widget')

    await page.goto(`${demo.pageUrl}/#/tasks/vectorizations`)
    await expect(page.getByRole('table')).toContainText('Meridian Papers')
    await expectNoSidewaysScroll(page)
    await expectAccessible(page, '.similarity-tasks')
  })
})

test('a reader sees every run of the projects that he may read, and can stop none', async ({ page }) => {
  const reader = { uid: 'bob', password: 'bob-secret', projects: ['harbour'] }
  const editor = { uid: 'alice', password: 'alice-secret', projects: ['harbour', 'meridian'], roles: ['harbour', 'meridian'].map(name => ({ role: 'PROJECT_EDITOR' as const, on: `default::${name}` })) }
  await using demo = await startDemo({ standIn: { mode: 'SERVER', users: [reader, editor] } })
  await signIn(page, demo, 'alice', 'alice-secret')
  await page.goto(`${demo.pageUrl}/#/project/harbour`)
  await projectBlock(page).getByRole('button', { name: 'Vectorize' }).click()
  await projectBlock(page).getByRole('button', { name: 'Start' }).click()
  await expect(projectBlock(page)).toContainText('Up to date', { timeout: 30_000 })

  await page.context().clearCookies()
  await signIn(page, demo, 'bob', 'bob-secret')
  await page.goto(`${demo.pageUrl}/#/tasks/vectorizations`)
  await expect(page.getByRole('row').filter({ hasText: 'Harbour Inspections' })).toContainText('alice')
  await expect(page.getByRole('table').getByRole('button')).toHaveText([/Update/])
})
