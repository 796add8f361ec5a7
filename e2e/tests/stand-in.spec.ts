import { expect, test, type Page } from '@playwright/test'
import type { Demo } from 'datashare-similarity/demo/demo'
import { COMPONENTS, HOOKS, OPTIONAL, STORES } from '../../plugin/src/host/contract.ts'
import { addressOf, startDemo, vectorize } from '../support/demo.ts'
import { openSimilar, projectBlock, results, searchToggler, similarPanel, similarToggler, watch } from '../support/page.ts'

const CRANE = 'inspections/2019/crane-4.docx'
const PLUGIN = '**/plugins/**/*.js'

test.describe('the stand-in of Datashare\'s page', () => {
  let demo: Demo

  test.beforeAll(async () => {
    demo = await startDemo()
    await vectorize(demo, 'harbour')
  })
  test.afterAll(() => demo[Symbol.asyncDispose]())

  test('has what the plugin uses of Datashare, with the two shared libraries', async ({ page }) => {
    await page.goto(`${demo.pageUrl}/#/project`)
    const missing = await page.evaluate(async (paths) => {
      const { datashare } = window as unknown as { datashare: { findComponent(path: string): Promise<unknown> } }
      const found = await Promise.all(paths.map(async path => [path, await datashare.findComponent(path)] as const))
      return [...found, ...['__VUE_SHARED__', '__PINIA_SHARED__'].map(name => [name, Reflect.get(window, name)] as const)].filter(([, value]) => value == null).map(([path]) => path)
    }, Object.values(COMPONENTS))
    expect(missing).toEqual([])
  })

  test('takes a plugin that comes after its event', async ({ page }) => {
    await page.addInitScript(() => { document.addEventListener('datashare:ready', () => Object.assign(window, { wasReady: true })) })
    await page.route(PLUGIN, async (route) => {
      await page.waitForFunction(() => 'wasReady' in window)
      await route.continue()
    })
    await page.goto(`${demo.pageUrl}/#/project/harbour`)
    await expect(projectBlock(page)).toContainText('7 of 7 vectorized')
  })

  test('folds the actions on a document where they do not fit: the panel stays open through it', async ({ page }) => {
    const faults = watch(page, demo)
    await page.setViewportSize({ width: 250, height: 900 })
    await page.goto(`${demo.pageUrl}${await addressOf(demo, 'harbour', CRANE)}`)
    await page.getByLabel('More actions').click()
    await similarToggler(page).click()
    await expect(results(similarPanel(page)).first()).toBeVisible()

    await page.setViewportSize({ width: 1440, height: 900 })
    // Each result has such a button too.
    await expect(page.getByLabel('More actions').and(page.locator(':not(article *)'))).toHaveCount(0)
    await expect(similarToggler(page)).toBeVisible()
    await expect(results(similarPanel(page)).first()).toBeVisible()
    expect(faults).toEqual([])
  })

  // Without its settings nobody knows where the companion is: a test of its own.
  const parts = [...Object.values(HOOKS), ...Object.values(COMPONENTS), ...Object.keys(STORES), ...OPTIONAL, '$toast'].filter(part => part !== 'config')

  /** The page works, and what of the plugin does not hang on the missing part. */
  async function expectWorking(page: Page, part: string): Promise<void> {
    await page.goto(`${demo.pageUrl}/?without=${part}#/project/harbour`)
    if (part !== HOOKS['similarity-project']) await expect(projectBlock(page)).toContainText('7 of 7 vectorized')
    await expect(page.getByRole('heading', { level: 1, name: 'Harbour Inspections' })).toBeVisible()
    await page.goto(`${demo.pageUrl}/?without=${part}#/?indices=harbour`)
    if (part !== HOOKS['similarity-search-toggler']) {
      await searchToggler(page).click()
      if (part !== HOOKS['similarity-search-sidebar']) await expect(page.getByLabel('Describe what you look for')).toBeVisible()
    }
    await expect(page.getByText('crane-4.docx').first()).toBeVisible()
  }

  test('works without each part of Datashare that the plugin uses', async ({ page }) => {
    test.setTimeout(180_000)
    const faults = watch(page, demo)
    for (const part of parts) {
      await test.step(part, () => expectWorking(page, part))
      expect([part, faults]).toEqual([part, []])
    }
  })

  test('says that the companion does not answer where its address cannot be read', async ({ page }) => {
    await page.goto(`${demo.pageUrl}/?without=config#/project/harbour`)
    await expect(projectBlock(page)).toContainText('Code companion_not_configured')
    await expect(page.getByRole('heading', { level: 1, name: 'Harbour Inspections' })).toBeVisible()
  })

  test('works without any of its own components', async ({ page }) => {
    const faults = watch(page, demo)
    const without = Object.values(COMPONENTS).map(path => `without=${encodeURIComponent(path)}`).join('&')
    await expectWorking(page, without.slice('without='.length))
    const panel = await openSimilar(page, demo, (await addressOf(demo, 'harbour', CRANE)).replace('/#', `/?${without}#`))
    await expect(panel.or(page.getByRole('heading', { name: 'Similar documents' })).first()).toBeVisible()
    await page.goto(`${demo.pageUrl}/?${without}#/tasks/vectorizations`)
    await expect(page.getByRole('table')).toContainText('Harbour Inspections')
    expect(faults).toEqual([])
  })
})

test('nobody who is not signed in gets further than the sign-in; after it all is there', async ({ page }) => {
  await using demo = await startDemo({ standIn: { mode: 'SERVER', users: [{ uid: 'bob', password: 'bob-secret', projects: ['harbour'] }] } })
  const errors: string[] = []
  page.on('pageerror', error => errors.push(error.message))
  await page.goto(demo.pageUrl)
  await expect(page).toHaveURL(/#\/login$/)
  await page.getByLabel('Name').fill('bob')
  await page.getByLabel('Password').fill('bob-secret')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(searchToggler(page)).toBeVisible()
  expect(errors).toEqual([])
})
