import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import type { Demo } from 'datashare-similarity/demo/demo'
import { hasJava } from '../../server/src/testing/elasticsearch.ts'
import { addressOf, COLLECTION, ROOT, startDemo, vectorize } from '../support/demo.ts'
import { startFilledElasticsearch } from '../support/elasticsearch.ts'
import { ask, askAgain, expectAccessible, expectNoSidewaysScroll, lookOften, openedDocument, openSimilar, projectBlock, resultLinks, results, searchSidebar, searchToggler, similarPanel, similarToggler, watch } from '../support/page.ts'

const QUESTION = 'physicians rewarded with a luxury boat holiday'
const ANSWER = 'contracts/2014/yacht-charter.pdf'
const STRAW_BUYERS = 'memos/2014/straw-buyers.docx'

interface Source {
  readonly name: string
  /** How the page looks does not depend on where documents come from. */
  readonly looks: readonly ('light' | 'dark')[]
  readonly missing: string | null
  open(): Promise<{ demo: Demo, close: () => PromiseLike<void> }>
}

const sources: readonly Source[] = [
  {
    name: 'a folder of documents',
    looks: ['light', 'dark'],
    missing: null,
    async open() {
      const demo = await startDemo()
      return { demo, close: () => demo[Symbol.asyncDispose]() }
    },
  },
  {
    name: 'a real Elasticsearch',
    looks: [],
    missing: hasJava() ? null : 'needs Java 17 and Maven',
    async open() {
      const elasticsearch = await startFilledElasticsearch()
      const demo = await startDemo({ elasticsearchUrl: elasticsearch.url })
      return {
        demo,
        async close() {
          await demo[Symbol.asyncDispose]()
          await elasticsearch.stop()
        },
      }
    },
  },
]

for (const { name, looks, missing, open } of sources) {
  test.describe(`with ${name}, a journalist`, () => {
    test.describe.configure({ mode: 'serial' })
    test.skip(missing !== null, missing ?? '')

    let demo: Demo
    let close: () => PromiseLike<void>
    let faults: string[]

    test.beforeAll(async () => {
      test.setTimeout(300_000)
      ;({ demo, close } = await open())
    })
    test.afterAll(() => close())
    test.beforeEach(({ page }) => { faults = watch(page, demo) })
    test.afterEach(() => expect(faults).toEqual([]))

    test('R17: vectorizes a project: is told what it takes and how far it is, also after a reload', async ({ page }) => {
      await lookOften(page)
      const block = projectBlock(page)
      const bar = block.getByRole('progressbar', { name: 'Progress of the vectorization' })
      const percent = async (): Promise<number> => Number(await bar.getAttribute('aria-valuenow'))

      await page.goto(`${demo.pageUrl}/#/project/meridian`)
      await expect(block).toContainText('Not vectorized')
      await block.getByRole('button', { name: 'Vectorize' }).click()
      await expect(block).toContainText(/98 documents, .*(minute|hour).*, [\d.,]+ (kB|MB) on disk/)
      await expectAccessible(page, '.similarity-vectorization')

      await block.getByRole('button', { name: 'Start' }).click()
      await expect(block).toContainText('Reading the documents')
      await expect(block).toContainText(/\d+ of 98 documents/)
      await expect(bar).toHaveAttribute('aria-valuemin', '0')
      await expect(bar).toHaveAttribute('aria-valuemax', '100')
      await expect(bar).toHaveAttribute('aria-valuetext', /\d+.?%, Reading the documents/)
      await expect.poll(percent).toBeGreaterThan(5)
      const before = await percent()

      await page.reload()
      await expect(block).toContainText(/Reading the documents|Building the index|Checking the result/)
      expect(await percent()).toBeGreaterThanOrEqual(before)
      await expectAccessible(page, '.similarity-vectorization')
      await expect(block).toContainText('The project is vectorized.', { timeout: 50_000 })
      await expect(block).toContainText('97 of 98 vectorized')
      await expect(block.getByRole('button', { name: 'Vectorize' })).toBeHidden()
    })

    test('asks the question of the README: none of its words stands in the document that comes first', async ({ page }) => {
      expect(await readFile(join(ROOT, 'README.md'), 'utf8')).toContain(`*"${QUESTION}"*`)
      const content = (await readFile(join(COLLECTION, 'meridian', `${ANSWER}.txt`), 'utf8')).toLowerCase()
      for (const word of QUESTION.split(' ').filter(({ length }) => length > 4)) expect(content).not.toContain(word)

      await page.goto(`${demo.pageUrl}/#/?indices=meridian`)
      await searchToggler(page).click()
      const sidebar = searchSidebar(page)
      await expect(sidebar.getByLabel('Describe what you look for')).toBeFocused()
      await page.keyboard.type(QUESTION)
      await page.keyboard.press('Enter')

      const first = results(sidebar).first()
      await expect(first).toHaveAccessibleName('yacht-charter.pdf')
      await expect(first).toContainText('PDF')
      await expect(first).toContainText('/vault/meridian/contracts/2014')
      await expect(first).toContainText('CHARTER AGREEMENT, SAILING YACHT')
      await expect(first).toContainText('close in meaning (1st)')
      await expect(first).toContainText(/Strong|Related/)
    })

    test('sees more results, other modes, and marked words', async ({ page }) => {
      const sidebar = await ask(page, demo, 'meridian', QUESTION)
      await expect(sidebar.getByText('10 documents so far')).toBeVisible()
      await sidebar.getByRole('button', { name: 'Show more' }).click()
      await expect(results(sidebar)).toHaveCount(20)
      await expect(resultLinks(sidebar).nth(10)).toBeFocused()
      const links = await resultLinks(sidebar).evaluateAll(all => all.map(link => link.getAttribute('href')))
      expect(new Set(links).size).toBe(20)

      await askAgain(sidebar, 'renewal of dormant shelf companies')
      await sidebar.getByText('Words', { exact: true }).click()
      await expect(results(sidebar).first()).toContainText('shares words (')
      await expect(results(sidebar).first()).not.toContainText('close in meaning')
      await expect(results(sidebar).first().locator('mark').filter({ hasText: /^dormant$/i }).first()).toBeVisible()
      await sidebar.getByText('Meaning', { exact: true }).click()
      await expect(results(sidebar).first()).toContainText('close in meaning (1st)')
      await expect(results(sidebar).first()).not.toContainText('shares words')
    })

    test('asks for a code: the one document that holds it is found by its exact words', async ({ page }) => {
      const sidebar = await ask(page, demo, 'meridian', 'KY1-1104')

      const first = results(sidebar).first()
      await expect(first).toHaveAccessibleName('registered-office-letter.pdf')
      await expect(first).toContainText('Exact words')
      await expect(first.locator('mark').filter({ hasText: 'KY1-1104' })).toBeVisible()
    })

    test('opens a result, then what is similar to it: the panel follows the open document and never shows it', async ({ page }) => {
      const sidebar = await ask(page, demo, 'meridian', 'dwellings bought through front people to hide the true proprietor')
      await resultLinks(sidebar).filter({ hasText: 'straw-buyers.docx' }).click()
      await expect(openedDocument(page)).toHaveText('straw-buyers.docx')
      await expect(page.locator('.document-view').getByText('I compared the funds received')).toBeVisible()

      await searchToggler(page).click()
      await similarToggler(page).click()
      const panel = similarPanel(page)
      const first = results(panel).first()
      await expect(first).toContainText('In this document')
      await expect(first).toContainText('In that document')
      await expect(resultLinks(panel).filter({ hasText: 'straw-buyers.docx' })).toHaveCount(0)

      const next = await resultLinks(panel).first().innerText()
      await resultLinks(panel).first().click()
      await expect(openedDocument(page)).toHaveText(next)
      await expect(resultLinks(panel).filter({ hasText: 'straw-buyers.docx' })).toHaveCount(1)
      await expect(resultLinks(panel).filter({ hasText: next })).toHaveCount(0)
    })

    test('sees a copy folded into its original, and never among what is similar to it', async ({ page }) => {
      const sidebar = await ask(page, demo, 'meridian', 'Солодков трещины дамбы хвостохранилища пьезометры')
      const original = results(sidebar).filter({ hasText: 'zayavlenie-inzhenera' })
      await expect(original).toHaveCount(1)
      await original.getByRole('button', { name: '+1 near-identical copy' }).click()
      await expect(original.getByRole('link')).toHaveCount(2)
      await expect(original.getByRole('link').last()).toBeVisible()

      const panel = await openSimilar(page, demo, await addressOf(demo, 'meridian', 'zapiski/2015/zayavlenie-inzhenera.docx'))
      await expect(results(panel).first()).toBeVisible()
      await expect(results(panel).filter({ hasText: 'zayavlenie-inzhenera' })).toHaveCount(0)
      await panel.getByRole('button', { name: 'This document has one near-identical copy' }).click()
      await expect(panel.getByRole('link', { name: 'zayavlenie-inzhenera-kopiya.docx' })).toBeVisible()
    })

    test('sees the copies that differ in a few words, told from those with the same text', async ({ page }) => {
      const panel = await openSimilar(page, demo, await addressOf(demo, 'meridian', 'memos/2013/shelf-renewal-2013.docx'))

      await panel.getByRole('button', { name: 'This document has 3 near-identical copies' }).click()
      await expect(panel.getByText('nearly the same text')).toHaveCount(3)
      await expect(results(panel).filter({ hasText: 'shelf-renewal' })).toHaveCount(0)
    })

    test('chooses one of two selected projects: their results never mix', async ({ page }) => {
      await vectorize(demo, 'harbour')
      const sidebar = await ask(page, demo, 'meridian,harbour', 'the cracked dam above the village')
      const chooser = sidebar.getByLabel('Project')
      const projectsOf = async (): Promise<string[]> => {
        const hrefs = await resultLinks(sidebar).evaluateAll(links => links.map(link => link.getAttribute('href') ?? ''))
        return [...new Set(hrefs.map(href => href.split('/')[2] ?? ''))]
      }

      for (const project of ['harbour', 'meridian']) {
        await chooser.selectOption(project)
        await expect.poll(projectsOf).toEqual([project])
      }
    })

    test('reaches and opens a result with the keyboard alone', async ({ page }) => {
      await page.goto(`${demo.pageUrl}/#/?indices=meridian`)
      await searchToggler(page).focus()
      await page.keyboard.press('Enter')
      await expect(searchSidebar(page).getByLabel('Describe what you look for')).toBeFocused()
      await page.keyboard.type(QUESTION)
      await page.keyboard.press('Enter')
      await expect(resultLinks(searchSidebar(page)).first()).toBeVisible()

      const link = resultLinks(searchSidebar(page)).first()
      const isThere = (): Promise<boolean> => link.evaluate(element => element === document.activeElement)
      for (let presses = 0; presses < 8 && !await isThere(); presses += 1) await page.keyboard.press('Tab')
      await expect(link).toBeFocused()
      await page.keyboard.press('Enter')
      await expect(openedDocument(page)).toHaveText('yacht-charter.pdf')

      await searchSidebar(page).getByLabel('Describe what you look for').focus()
      await page.keyboard.press('Escape')
      await expect(searchSidebar(page)).toBeHidden()
      await expect(searchToggler(page)).toBeFocused()
    })

    for (const colorScheme of looks) {
      test(`meets the accessibility rules in ${colorScheme} mode`, async ({ page }) => {
        await page.emulateMedia({ colorScheme })
        const sidebar = await ask(page, demo, 'meridian', 'KY1-1104')
        await expect(results(sidebar).first()).toBeVisible()
        await expect(page.locator('body')).toHaveAttribute('data-bs-theme', colorScheme)
        await expectAccessible(page, '.similarity-sidebar', '.similarity-search-toggler')

        const panel = await openSimilar(page, demo, await addressOf(demo, 'meridian', STRAW_BUYERS))
        await expect(results(panel).first()).toBeVisible()
        await expectAccessible(page, '.card-panel', '.document-user-actions')

        await page.goto(`${demo.pageUrl}/#/project/meridian`)
        await expect(projectBlock(page)).toContainText('97 of 98 vectorized')
        await expectAccessible(page, '.similarity-vectorization')
      })
    }

    test.describe('who reads French', () => {
      test.use({ locale: 'fr-FR' })

      test('reads the plugin in French', async ({ page }) => {
        await page.goto(`${demo.pageUrl}/#/project/meridian`)
        await expect(page.getByRole('region', { name: 'Similarité', exact: true })).toContainText('97 vectorisés sur 98')

        await page.goto(`${demo.pageUrl}/#/?indices=meridian`)
        await page.getByRole('button', { name: 'Recherche par le sens' }).click()
        const sidebar = page.getByRole('complementary', { name: 'Recherche par le sens' })
        await sidebar.getByLabel('Décrivez ce que vous cherchez').fill('KY1-1104')
        await sidebar.getByRole('button', { name: 'Rechercher' }).click()
        await expect(results(sidebar).first()).toContainText('Mots exacts')

        await resultLinks(sidebar).first().click()
        await page.getByRole('button', { name: 'Similaires' }).click()
        await expect(page.getByRole('heading', { name: 'Documents similaires' })).toBeVisible()
        await expect(page.getByText('Dans ce document').first()).toBeVisible()
      })
    })

    test.describe('on a phone', () => {
      test.use({ viewport: { width: 420, height: 900 }, hasTouch: true })

      test('asks in a drawer and reads the panel without scrolling sideways; both make way for a document', async ({ page }) => {
        await page.goto(`${demo.pageUrl}/#/?indices=meridian`)
        await searchToggler(page).tap()
        const drawer = page.getByRole('dialog', { name: 'Search by meaning' })
        await askAgain(drawer, QUESTION)
        await expect(results(drawer).first()).toBeVisible()
        await expectAccessible(page, '.similarity-drawer')
        await expectNoSidewaysScroll(page)
        await resultLinks(drawer).first().tap()
        await expect(drawer).toBeHidden()
        await expect(openedDocument(page)).toHaveText('yacht-charter.pdf')

        await similarToggler(page).tap()
        const panel = similarPanel(page)
        await expect(results(panel).first()).toContainText('In that document')
        await expectNoSidewaysScroll(page)
        await expectAccessible(page, '.card-panel')
        const next = await resultLinks(panel).first().innerText()
        await resultLinks(panel).first().tap()
        await expect(panel).toBeHidden()
        await expect(openedDocument(page)).toHaveText(next)
      })
    })
  })
}
