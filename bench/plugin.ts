import { parseArgs } from 'node:util'
import { chromium, expect, type Page } from '@playwright/test'
import type { SimilarAnswer } from '@datashare-similarity/shared'
import config from '../e2e/playwright.config.ts'
import { changingAnswers } from '../e2e/support/answers.ts'
import { startDemo, vectorize } from '../e2e/support/demo.ts'
import { ask, askAgain, results, searchSidebar } from '../e2e/support/page.ts'

/**
 * npm run bench:plugin [-- rounds]: in the built plugin, on a CPU slowed down four times: how long from the companion's answer to the first
 * results on the screen, and the longest task of the page while a hundred results are scrolled through, and while ten more are put to them.
 * Milliseconds; JSON on the last line.
 */
const SLOWDOWN = 4
const RESULTS = 100
const QUESTION = 'physicians rewarded with a luxury boat holiday'
const { positionals } = parseArgs({ allowPositionals: true })
const rounds = Number(positionals[0] ?? 10)
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('rounds: a whole number above 0 is needed')

interface Times { answered: number, painted: number }

/** In the page: when an answer came, and when the first result of it had been painted. */
function observe(): void {
  const times: Times = { answered: 0, painted: 0 }
  const tasks: number[] = []
  Object.assign(window, { bench: { times, tasks } })
  const fetch = window.fetch.bind(window)
  window.fetch = async (...request) => {
    const response = await fetch(...request)
    if (response.url.endsWith('/similar')) Object.assign(times, { answered: performance.now(), painted: 0 })
    return response
  }
  const watchResults = (): void => {
    if (times.painted > 0 || document.querySelector('article[data-similarity-result]') === null) return
    times.painted = -1
    requestAnimationFrame(() => setTimeout(() => { times.painted = performance.now() }))
  }
  new MutationObserver(watchResults).observe(document, { childList: true, subtree: true })
  new PerformanceObserver(list => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ entryTypes: ['longtask'] })
}

const read = (page: Page): Promise<{ times: Times, tasks: number[] }> => page.evaluate(() => (window as unknown as { bench: { times: Times, tasks: number[] } }).bench)
const forget = (page: Page): Promise<void> => page.evaluate(() => { (window as unknown as { bench: { tasks: number[] } }).bench.tasks.length = 0 })

/** The results of one real page, again and again under other ids: a hundred of them, ten at a time. */
async function manyResults(page: Page): Promise<void> {
  await page.route('**/similar', async (route) => {
    const { from = 0 } = route.request().postDataJSON() as { from?: number } | null ?? {}
    if (route.request().method() === 'OPTIONS') return route.continue()
    const response = await route.fetch({ postData: { ...route.request().postDataJSON() as object, from: 0, generation: null } })
    const answer = await response.json() as SimilarAnswer
    const numbered = answer.results.map(group => ({ ...group, hasMore: from + 10 < RESULTS, documents: group.documents.map(found => ({ ...found, documentId: `${found.documentId}-${from}` })) }))
    return route.fulfill({ response, json: { ...answer, results: numbered } })
  })
}

async function firstResults(page: Page): Promise<number> {
  const sidebar = searchSidebar(page)
  await askAgain(sidebar, `${QUESTION} ${Math.random()}`)
  await expect.poll(async () => (await read(page)).times.painted).toBeGreaterThan(0)
  const { times } = await read(page)
  return times.painted - times.answered
}

/** Ten more at a time. @returns the longest task of it */
async function showAll(page: Page): Promise<number> {
  const sidebar = searchSidebar(page)
  await forget(page)
  for (let count = 20; count <= RESULTS; count += 10) {
    await sidebar.getByRole('button', { name: 'Show more' }).click()
    await expect(results(sidebar)).toHaveCount(count)
  }
  return longest(page)
}

async function scroll(page: Page): Promise<number> {
  const list = page.locator('.similarity-sidebar')
  await list.evaluate((element) => { element.scrollTop = 0 })
  await list.hover({ position: { x: 100, y: 300 } })
  await forget(page)
  const isAtEnd = (): Promise<boolean> => list.evaluate(({ scrollTop, scrollHeight, clientHeight }) => scrollTop + clientHeight >= scrollHeight - 2)
  while (!await isAtEnd()) await page.mouse.wheel(0, 600)
  return longest(page)
}

/** Tasks of less than 50 ms are none that a browser reports. */
const longest = async (page: Page): Promise<number> => Math.max(0, ...(await read(page)).tasks)

await using demo = await startDemo()
await vectorize(demo, 'meridian')
let launched = config.use?.launchOptions ?? {}
await changingAnswers.launchOptions({ launchOptions: launched }, (options) => {
  launched = options
  return Promise.resolve()
})
const browser = await chromium.launch(launched)
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  await page.addInitScript(observe)
  await manyResults(page)
  await (await page.context().newCDPSession(page)).send('Emulation.setCPUThrottlingRate', { rate: SLOWDOWN })
  await expect(results(await ask(page, demo, 'meridian', QUESTION)).first()).toBeVisible()

  const first: number[] = []
  for (let round = 0; round < rounds; round += 1) first.push(Math.round(await firstResults(page)))
  const sorted = first.toSorted((one, other) => one - other)
  const figures = {
    'slowdown': SLOWDOWN,
    'first results, median': sorted[Math.floor(rounds / 2)],
    'first results, slowest': sorted.at(-1),
    'longest task, ten more results': Math.round(await showAll(page)),
    'longest task, scrolling a hundred': Math.round(await scroll(page)),
  }
  console.table(figures)
  console.log(JSON.stringify({ ...figures, first }))
} finally {
  await browser.close()
}
