import { readFile } from 'node:fs/promises'
import { expect, test, type Locator, type Page } from '@playwright/test'
import type { Demo } from 'datashare-similarity/demo/demo'
import { addressOf, startDemo, vectorize } from '../support/demo.ts'
import { ask, askAgain, expectAccessible, openedDocument, openSimilar, resultLinks, results, searchSidebar, searchToggler, similarPanel, similarToggler, watch } from '../support/page.ts'

const QUESTION = 'physicians rewarded with a luxury boat holiday'
const MEMO = 'memos/2013/shelf-renewal-2013.docx'
const REPORT = 'medical/2015/kalix3-lab-report.pdf'
/** From the second page of its text in the viewer. */
const LATE = '"divide the number of failures by the number of screws"'

const action = (within: Locator, name: string): Locator => within.getByRole('button', { name, exact: true })
const choose = async (result: Locator, item: string): Promise<void> => {
  await action(result, 'More actions').click()
  await result.getByRole('button', { name: item }).click()
}

/** What is marked in the text of the document, if the reader sees it without scrolling. */
const markedInSight = (page: Page): Promise<string> => page.evaluate(() => {
  const [range] = CSS.highlights.get('similarity-passage') ?? []
  if (!(range instanceof Range)) return ''
  const { top, bottom } = range.getBoundingClientRect()
  return bottom > 0 && top < window.innerHeight ? range.toString() : ''
})

test.describe('a journalist who looks closer', () => {
  let demo: Demo
  let faults: string[]

  test.beforeAll(async () => {
    test.setTimeout(300_000)
    demo = await startDemo()
    await vectorize(demo, 'meridian')
  })
  test.afterAll(() => demo[Symbol.asyncDispose]())
  test.beforeEach(({ page }) => { faults = watch(page, demo) })
  test.afterEach(() => expect(faults).toEqual([]))

  test('opens a result at its passage, also on a later page of a long text, and by a copied link', async ({ page, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    const sidebar = await ask(page, demo, 'meridian', LATE)
    const first = results(sidebar).first()
    const passage = (await first.locator('mark').first().innerText()).toLowerCase()
    await resultLinks(sidebar).first().click()
    await expect(page.getByText('The similar passage is marked below.')).toBeVisible()
    await expect.poll(async () => (await markedInSight(page)).toLowerCase()).toContain(passage)
    await expectAccessible(page, '.similarity-passage')

    await choose(first, 'Copy the link')
    const link = await page.evaluate(() => navigator.clipboard.readText())
    const other = await context.newPage()
    await other.goto(link)
    await expect.poll(async () => (await markedInSight(other)).toLowerCase()).toContain(passage)
    await other.getByRole('button', { name: 'Remove' }).click()
    await expect.poll(() => markedInSight(other)).toBe('')
  })

  test('keeps a document while opening others, and finds back to it', async ({ page }) => {
    const panel = await openSimilar(page, demo, await addressOf(demo, 'meridian', REPORT))
    await action(panel, 'Keep this one').click()
    await expect(results(panel)).toHaveCount(10)
    const found = await resultLinks(panel).allTextContents()
    await resultLinks(panel).nth(1).click()
    await expect(openedDocument(page)).toHaveText(found[1]!)
    await expect(resultLinks(panel)).toHaveText(found)
    await expect(results(panel).nth(1)).toContainText('Open now')

    await panel.getByRole('link', { name: 'kalix3-lab-report.pdf' }).click()
    await expect(openedDocument(page)).toHaveText('kalix3-lab-report.pdf')
    await expect(results(panel).nth(1)).toContainText('Seen')
    await action(panel, 'Keep this one').click()
    await resultLinks(panel).first().click()
    await expect(panel).toContainText('Back to kalix3-lab-report.pdf')
    await expect(panel).toContainText(`To ${found[0]}`)
  })

  test('selects a part of a text and finds what is like it', async ({ page }) => {
    await page.goto(`${demo.pageUrl}${await addressOf(demo, 'meridian', REPORT)}`)
    await page.locator('.document-content__body p').filter({ hasText: 'Conclusion.' }).click({ clickCount: 3 })
    await action(page.locator('.similarity-passage'), 'Find similar').click()

    const panel = similarPanel(page)
    await expect(panel).toContainText('To a part of kalix3-lab-report.pdf')
    await expect(panel).toContainText('Conclusion. Series B does not meet the specification')
    await expect(results(panel).first()).toBeVisible()
    await expect(resultLinks(panel).filter({ hasText: 'kalix3-lab-report.pdf' })).toHaveCount(0)
    await action(panel, 'Compare the whole document').click()
    await expect(results(panel).first()).toContainText('In this document')
  })

  test('refines by questions, filters and examples; a link opens the same search, a table holds it', async ({ page, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    const sidebar = await ask(page, demo, 'meridian', QUESTION)
    await action(sidebar, 'Another question').click()
    await sidebar.getByRole('textbox', { name: 'Question 2' }).fill('a cracked dam above the village')
    await action(sidebar, 'Filters').click()
    await sidebar.getByLabel('French', { exact: true }).check()
    await sidebar.getByLabel('Created from').fill('2014-01-01')
    await sidebar.getByLabel('Created from').press('Tab')
    await action(sidebar, 'Search').click()
    const dam = sidebar.getByRole('region', { name: 'a cracked dam above the village' })
    await expect(results(dam).first()).toContainText('French')
    await action(results(dam).first(), 'More like this').click()
    await expect(sidebar.getByRole('region', { name: 'Like the examples' }).getByRole('article').first()).toBeVisible()
    await expectAccessible(page, '.similarity-sidebar')

    await action(sidebar, 'Copy a link to this search').click()
    const link = await page.evaluate(() => navigator.clipboard.readText())
    const shown = await sidebar.getByRole('article').evaluateAll(all => all.map(article => article.textContent))
    const other = await context.newPage()
    await other.goto(link)
    await expect.poll(() => searchSidebar(other).getByRole('article').evaluateAll(all => all.map(article => article.textContent))).toEqual(shown)
    await expect(searchSidebar(other).getByRole('textbox', { name: 'Question 2' })).toHaveValue('a cracked dam above the village')

    const download = page.waitForEvent('download')
    await action(sidebar, 'Save these results as CSV').click()
    const table = await readFile(await (await download).path(), 'utf8')
    expect(table.split('\r\n')[0]).toContain('Rank,Title,Path,Strength,Passage,Link,Seen,Question')
    expect(table.match(/,no,/g)?.length).toBe(shown.length)
  })

  test('takes over the filters of the search, and is told what to loosen where nothing is found', async ({ page }) => {
    const sidebar = await ask(page, demo, 'meridian', '"continuing medical education"')
    await expect(results(sidebar).first()).toBeVisible()
    await page.evaluate(() => {
      interface Datashare { stores: { useSearchStore(): { setFilterValue(filter: { name: string, value: string }): void } } }
      const { stores } = Reflect.get(window, 'datashare') as Datashare
      stores.useSearchStore().setFilterValue({ name: 'language', value: 'SPANISH' })
    })
    await action(sidebar, 'Use the filters of the search').click()
    await expect(sidebar).toContainText('No document found')
    await expect(sidebar.getByRole('list', { name: 'Filters' })).toContainText('Spanish')

    await action(sidebar, 'Remove the filters').click()
    await expect(results(sidebar).first()).toBeVisible()
  })

  test('stars, tags and hides a result', async ({ page }) => {
    const sidebar = await ask(page, demo, 'meridian', QUESTION)
    const first = results(sidebar).first()
    await action(first, 'Star').click()
    await expect(action(first, 'Star')).toHaveAttribute('aria-pressed', 'true')
    await choose(first, 'Tags')
    await first.getByLabel('New tag').fill('follow-up')
    await first.getByLabel('New tag').press('Enter')
    await expect(first.getByRole('list', { name: 'Tags' })).toContainText('follow-up')

    await page.reload()
    await expect(action(first, 'Star')).toHaveAttribute('aria-pressed', 'true')
    await action(sidebar, 'Filters').click()
    await sidebar.getByLabel('Tags').fill('follow-up')
    await sidebar.getByLabel('Tags').press('Enter')
    await expect(results(sidebar)).toHaveCount(1)
    await choose(first, 'Hide in this session')
    await expect(results(sidebar)).toHaveCount(0)
    await expect(sidebar).toContainText('One result is hidden.')
    await action(sidebar, 'Show').click()
    await expect(results(sidebar)).toHaveCount(1)
  })

  test('goes through results with the keyboard', async ({ page }) => {
    const sidebar = await ask(page, demo, 'meridian', QUESTION)
    // Results come in a few at a time.
    await expect(resultLinks(sidebar).nth(2)).toBeVisible()
    await resultLinks(sidebar).first().focus()
    await page.keyboard.press('j')
    await page.keyboard.press('ArrowDown')
    await expect(resultLinks(sidebar).nth(2)).toBeFocused()
    await page.keyboard.press('k')
    const name = await resultLinks(sidebar).nth(1).innerText()
    await page.keyboard.press('Enter')
    await expect(openedDocument(page)).toHaveText(name)
  })

  test('sees the document beside the panel, though the sidebar was open', async ({ page }) => {
    const sidebar = await ask(page, demo, 'meridian', QUESTION)
    await resultLinks(sidebar).first().click()
    await similarToggler(page).click()
    await expect(results(similarPanel(page)).first()).toBeVisible()
    await expect(openedDocument(page)).toBeVisible()
    await expect(sidebar).toBeHidden()

    await searchToggler(page).click()
    await expect(similarPanel(page)).toBeHidden()
    await expect(sidebar.getByLabel('Describe what you look for')).toHaveValue(QUESTION)
    await askAgain(sidebar, 'a cracked dam')
    await expect(results(sidebar).first()).toBeVisible()
  })

  test('reads pairs of passages side by side in a tab, which its address opens again, and opens one at the passage', async ({ page }) => {
    await page.goto(`${demo.pageUrl}${await addressOf(demo, 'meridian', MEMO)}`)
    await page.getByRole('link', { name: 'Similar', exact: true }).click()
    const tab = page.getByRole('region', { name: 'Similar documents' })
    const pair = results(tab).first().locator('dd')
    await expect(pair.first()).toBeVisible()
    // What comes in above may move them between two looks.
    await expect(async () => {
      const [here, there] = [await pair.nth(0).boundingBox(), await pair.nth(1).boundingBox()]
      expect(there!.y).toBe(here!.y)
      expect(there!.x).toBeGreaterThan(here!.x + here!.width)
    }).toPass()
    await expectAccessible(page, '.similarity-tab')

    await page.reload()
    await expect(results(tab).first()).toBeVisible()
    await tab.getByText('Words', { exact: true }).click()
    await expect(results(tab).first()).toContainText('shares words')
    const name = await resultLinks(tab).first().innerText()
    await resultLinks(tab).first().click()
    await expect(openedDocument(page)).toHaveText(name)
    await expect(tab).toBeHidden()
    await expect(page.getByText('The similar passage is marked below.')).toBeVisible()
  })

  test('sees word by word what differs between two copies', async ({ page }) => {
    const panel = await openSimilar(page, demo, await addressOf(demo, 'meridian', MEMO))
    await panel.getByRole('button', { name: 'This document has 3 near-identical copies' }).click()
    const copy = panel.getByRole('listitem').filter({ hasText: 'shelf-renewal-2014.docx' })
    await copy.getByRole('button', { name: 'Compare the texts' }).click()

    const dialog = page.getByRole('dialog', { name: 'Two texts side by side' })
    await expect(dialog.getByRole('columnheader')).toHaveText(['shelf-renewal-2013.docx', 'shelf-renewal-2014.docx'])
    await expect(dialog).toContainText('2 lines differ.')
    await expect(dialog.getByRole('deletion')).toHaveText(['4', '2013', '143'])
    await expect(dialog.getByRole('insertion')).toHaveText(['3', '2014', '151'])
    await expectAccessible(page, '.similarity-compare')
    await page.keyboard.press('Escape')
    await expect(dialog).toBeHidden()
    await expect(panel).toBeVisible()
    await expect(copy.getByRole('button', { name: 'Compare the texts' })).toBeFocused()
  })

  test('finds what is like a result of Datashare\'s own search, beside the list', async ({ page }) => {
    await page.goto(`${demo.pageUrl}/#/?indices=meridian`)
    await page.getByRole('button', { name: 'Find similar to nominee-fees.eml' }).click()
    const sidebar = searchSidebar(page)
    await expect(sidebar.getByRole('list', { name: 'More like' })).toContainText('nominee-fees.eml')
    await expect(results(sidebar).first()).toContainText('In the compared document')
    await expect(resultLinks(sidebar).filter({ hasText: 'nominee-fees.eml' })).toHaveCount(0)
    await expect(page.getByRole('link', { name: 'nominee-fees.eml' }).first()).toBeVisible()
    await expectAccessible(page, '.similarity-sidebar')
    await page.reload()
    await expect(results(sidebar).first()).toBeVisible()
  })

  test('sees the tab instead of the panel where the panel would cover the document', async ({ page }) => {
    await page.setViewportSize({ width: 800, height: 900 })
    await page.goto(`${demo.pageUrl}${await addressOf(demo, 'meridian', REPORT)}`)
    await similarToggler(page).click()
    await expect(results(page.getByRole('region', { name: 'Similar documents' })).first()).toBeVisible()
    await expect(openedDocument(page)).toHaveText('kalix3-lab-report.pdf')
    await expect(similarPanel(page)).toBeHidden()
  })
})
