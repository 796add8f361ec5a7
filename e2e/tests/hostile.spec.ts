import { expect, test } from '@playwright/test'
import type { SimilarAnswer } from '@datashare-similarity/shared'
import type { Demo } from 'datashare-similarity/demo/demo'
import { changingAnswers } from '../support/answers.ts'
import { startDemo, vectorize } from '../support/demo.ts'
import { ask, resultLinks, results, watch } from '../support/page.ts'

test.use(changingAnswers)

test.describe('in a page that must not trust what it shows', () => {
  let demo: Demo

  test.beforeAll(async () => {
    demo = await startDemo()
    await vectorize(demo, 'harbour')
  })
  test.afterAll(() => demo[Symbol.asyncDispose]())

  test('the plugin works under a strict Content-Security-Policy', async ({ page }) => {
    const faults = watch(page, demo)
    await page.route(`${demo.pageUrl}/`, async (route) => {
      const response = await route.fetch()
      const policy = `default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self' ${demo.companionUrl}; base-uri 'none'`
      await route.fulfill({ response, headers: { ...response.headers(), 'content-security-policy': policy } })
    })

    const sidebar = await ask(page, demo, 'harbour', 'a crane with worn ropes')

    await expect(results(sidebar).first()).toHaveAccessibleName('crane-4.docx')

    await page.evaluate(() => { localStorage.setItem('locale', 'fr') })
    await page.reload()
    await expect(page.getByRole('button', { name: 'Recherche par le sens' })).toBeVisible()
    expect(faults).toEqual([])
  })

  test('names and texts that carry HTML or turn letters around are shown as they are', async ({ page }) => {
    await page.route('**/similar', async (route) => {
      const response = await route.fetch()
      const answer = await response.json() as SimilarAnswer
      const [first] = answer.results[0]!.documents
      Object.assign(first!, { title: '<img src=x onerror=window.hit=1>\u202Efdp.exe', path: '/vault/<b>x</b>/a.txt' })
      Object.assign(first!.passages[0]!, { text: '<script>window.hit = 1</script> a crane', highlights: [[0, 8]] })
      await route.fulfill({ response, json: answer })
    })

    const sidebar = await ask(page, demo, 'harbour', 'a crane with worn ropes')

    await expect(resultLinks(sidebar).first()).toHaveText('<img src=x onerror=window.hit=1>\uFFFDfdp.exe')
    await expect(results(sidebar).first()).toContainText('/vault/<b>x</b>')
    await expect(results(sidebar).first()).toContainText('<script>window.hit = 1</script> a crane')
    expect(await page.evaluate(() => 'hit' in window)).toBe(false)
  })
})
