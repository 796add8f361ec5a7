import { expect, test, type Locator, type Page } from '@playwright/test'
import { ERRORS } from '@datashare-similarity/shared'
import type { Demo } from 'datashare-similarity/demo/demo'
import { addressOf, startDemo, startInterruptibleDemo, vectorize, type InterruptibleDemo } from '../support/demo.ts'
import { ask, lookOften, openSimilar, projectBlock, resultLinks, results, searchSidebar, signIn, watch } from '../support/page.ts'

const NOWHERE = 'http://127.0.0.1:9'
const CRANE = 'inspections/2019/crane-4.docx'

/** What went wrong, what fixes it, and a way to try again. */
async function expectError(within: Locator, code: 'companion_unreachable' | 'elasticsearch_unreachable' | 'project_forbidden'): Promise<void> {
  await expect(within).toContainText(ERRORS[code].why)
  await expect(within).toContainText(ERRORS[code].fix)
  await expect(within).toContainText(`Code ${code}`)
  await expect(within.getByRole('button', { name: 'Try again' })).toBeEnabled()
}

const retry = (within: Locator): Promise<void> => within.getByRole('button', { name: 'Try again' }).click()

test.describe('while the companion is down', () => {
  let interruptible: InterruptibleDemo
  let demo: Demo

  test.beforeAll(async () => {
    interruptible = await startInterruptibleDemo()
    demo = interruptible.demo
    await vectorize(demo, 'harbour')
  })
  test.afterAll(() => interruptible[Symbol.asyncDispose]())
  test.beforeEach(() => interruptible.startCompanion())

  test('the sidebar says so, with what to do, and finds again when it is back', async ({ page }) => {
    const sidebar = await ask(page, demo, 'harbour', 'a crane with worn ropes')
    await expect(results(sidebar).first()).toHaveAccessibleName('crane-4.docx')

    await interruptible.stopCompanion()
    await sidebar.getByText('Meaning', { exact: true }).click()
    await expectError(sidebar, 'companion_unreachable')
    await expect(sidebar.getByLabel('Describe what you look for')).toHaveValue('a crane with worn ropes')

    await interruptible.startCompanion()
    await retry(sidebar)
    await expect(results(sidebar).first()).toHaveAccessibleName('crane-4.docx')
  })

  test('the panel says so beside a document that is read as always', async ({ page }) => {
    const address = await addressOf(demo, 'harbour', CRANE)
    await interruptible.stopCompanion()
    const panel = await openSimilar(page, demo, address)
    await expectError(panel, 'companion_unreachable')
    await expect(page.locator('.document-view')).toContainText('Anemometer: reads low')

    await interruptible.startCompanion()
    await retry(panel)
    await expect(results(panel).first()).toContainText('In that document')
  })

  test('the project\'s page says so without alarm', async ({ page }) => {
    await interruptible.stopCompanion()
    await page.goto(`${demo.pageUrl}/#/project/harbour`)
    await expectError(projectBlock(page), 'companion_unreachable')
    await expect(projectBlock(page).getByRole('alert')).toHaveCount(0)

    await interruptible.startCompanion()
    await retry(projectBlock(page))
    await expect(projectBlock(page)).toContainText('7 of 7 vectorized')
  })

  test('a vectorization under way is said to be lost from sight, and goes on when it is back', async ({ page }) => {
    await lookOften(page)
    const block = projectBlock(page)
    await page.goto(`${demo.pageUrl}/#/project/meridian`)
    await block.getByRole('button', { name: 'Vectorize' }).click()
    await block.getByRole('button', { name: 'Start' }).click()
    await expect(block).toContainText('Reading the documents')

    await interruptible.stopCompanion()
    await expect(block).toContainText('The companion does not answer at the moment. Trying again…')
    await interruptible.startCompanion()
    await expect(block).not.toContainText('does not answer')
    await expect(block).toContainText('97 of 98 vectorized', { timeout: 50_000 })
  })
})

test.describe('in a project that was never vectorized', () => {
  let demo: Demo

  test.beforeEach(async () => { demo = await startDemo() })
  test.afterEach(() => demo[Symbol.asyncDispose]())

  for (const [where, open] of [
    ['sidebar', (page: Page) => ask(page, demo, 'harbour', 'a crane with worn ropes')],
    ['panel', async (page: Page) => openSimilar(page, demo, await addressOf(demo, 'harbour', CRANE))],
  ] as const) {
    test(`the ${where} says so, and vectorizes it on the spot`, async ({ page }) => {
      const faults = watch(page, demo)
      await lookOften(page)
      const within = await open(page)
      await expect(within).toContainText('This project is not vectorized yet')
      await expect(resultLinks(within)).toHaveCount(0)

      await within.getByRole('button', { name: 'Vectorize' }).click()
      await within.getByRole('button', { name: 'Start' }).click()
      await expect(results(within).first()).toBeVisible({ timeout: 30_000 })
      expect(faults).toEqual([])
    })
  }
})

test.describe('with a Datashare in SERVER mode', () => {
  const reader = { uid: 'bob', password: 'bob-secret', projects: ['harbour'] }
  const editor = { uid: 'alice', password: 'alice-secret', projects: ['harbour', 'meridian'], roles: [{ role: 'PROJECT_EDITOR' as const, on: 'default::harbour' }] }
  let demo: Demo

  test.beforeAll(async () => { demo = await startDemo({ standIn: { mode: 'SERVER', users: [reader, editor] } }) })
  test.afterAll(() => demo[Symbol.asyncDispose]())

  test('nobody who is not signed in learns anything of a project', async ({ page }) => {
    await page.goto(demo.pageUrl)
    const answer = await page.request.get(`${demo.companionUrl}/api/projects/harbour`)
    expect(answer.status()).toBe(401)
    await expect(projectBlock(page)).toHaveCount(0)
  })

  test('a reader sees the state of a project without a button, and is told whom to ask', async ({ page }) => {
    await signIn(page, demo, 'bob', 'bob-secret')
    await page.goto(`${demo.pageUrl}/#/project/harbour`)
    await expect(projectBlock(page)).toContainText('Not vectorized')
    await expect(projectBlock(page).getByRole('button')).toHaveCount(0)

    const sidebar = await ask(page, demo, 'harbour', 'a crane with worn ropes')
    await expect(sidebar).toContainText('Ask somebody who may edit this project to vectorize it.')
    await expect(sidebar.getByRole('button', { name: 'Vectorize' })).toHaveCount(0)
  })

  test('a project that a reader may not read is not listed, and its page tells nothing of it', async ({ page }) => {
    await signIn(page, demo, 'bob', 'bob-secret')
    await page.goto(`${demo.pageUrl}/#/project`)
    await expect(page.getByRole('link', { name: 'Harbour Inspections', exact: true })).toBeVisible()
    await expect(page.getByRole('link', { name: 'Meridian Papers', exact: true })).toHaveCount(0)

    await page.goto(`${demo.pageUrl}/#/project/meridian`)
    await expectError(projectBlock(page), 'project_forbidden')
    await expect(projectBlock(page)).not.toContainText(/\b98\b/)

    const listed = await page.evaluate(async (companion) => {
      const answer = await fetch(`${companion}/api/projects`, { credentials: 'include' })
      return (await answer.json() as { items: { project: string }[] }).items.map(({ project }) => project)
    }, demo.companionUrl)
    expect(listed).toEqual(['harbour'])
  })

  test('an editor vectorizes with the cookies of his session, and the reader then finds', async ({ page, browser }) => {
    await lookOften(page)
    await signIn(page, demo, 'alice', 'alice-secret')
    await page.goto(`${demo.pageUrl}/#/project/harbour`)
    const faults = watch(page, demo)
    await projectBlock(page).getByRole('button', { name: 'Vectorize' }).click()
    await projectBlock(page).getByRole('button', { name: 'Start' }).click()
    await expect(projectBlock(page)).toContainText('7 of 7 vectorized', { timeout: 30_000 })
    expect(faults).toEqual([])

    const context = await browser.newContext()
    const readers = await context.newPage()
    await signIn(readers, demo, 'bob', 'bob-secret')
    const sidebar = await ask(readers, demo, 'harbour', 'a crane with worn ropes')
    await expect(results(sidebar).first()).toHaveAccessibleName('crane-4.docx')
    await expect(searchSidebar(readers).getByLabel('Project')).toHaveCount(0)
    await context.close()
  })
})

test.describe('while Elasticsearch is down', () => {
  const admin = { uid: 'alice', password: 'alice-secret', projects: ['demo'], roles: [{ role: 'PROJECT_ADMIN' as const, on: 'default::demo' }] }
  let demo: Demo

  test.beforeAll(async () => { demo = await startDemo({ elasticsearchUrl: NOWHERE, standIn: { mode: 'SERVER', users: [admin] } }) })
  test.afterAll(() => demo[Symbol.asyncDispose]())

  test('starting a vectorization says so in the project\'s page, with what to do', async ({ page }) => {
    await signIn(page, demo, 'alice', 'alice-secret')
    await page.goto(`${demo.pageUrl}/#/project/demo`)
    await projectBlock(page).getByRole('button', { name: 'Vectorize' }).click()
    await expectError(projectBlock(page).getByRole('alert'), 'elasticsearch_unreachable')
  })
})
