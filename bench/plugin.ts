import { parseArgs } from 'node:util'
import { chromium, expect, type Browser, type Page } from '@playwright/test'
import type { SimilarAnswer } from '@datashare-similarity/shared'
import config from '../e2e/playwright.config.ts'
import { changingAnswers } from '../e2e/support/answers.ts'
import { startDemo, vectorize } from '../e2e/support/demo.ts'
import { askAgain, searchSidebar, searchToggler } from '../e2e/support/page.ts'

/**
 * npm run bench:plugin [-- rounds]: in the built plugin, on a CPU slowed down four times: how long from the companion's answer to the first
 * results on the screen, and to all ten of them, in a browser that was just started and in one that has shown results before; and the longest
 * task of the page while ten more are put to them, and while a hundred are scrolled through. Milliseconds; JSON on the last line.
 */
const SLOWDOWN = 4
const RESULTS = 100
const QUESTION = 'physicians rewarded with a luxury boat holiday'
const RESULT = 'article[data-similarity-result]'
const { positionals } = parseArgs({ allowPositionals: true })
const rounds = Number(positionals[0] ?? 10)
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('rounds: a whole number above 0 is needed')

/** Moments: 0 while it is not there yet. */
interface Times { answered: number, first: number, ten: number }
interface Bench { times: Times, tasks: number[] }

/** In the page: when an answer came, when the first result of it had been painted and when the tenth; and its long tasks. */
function observe(result: string): void {
  const times: Times = { answered: 0, first: 0, ten: 0 }
  const tasks: number[] = []
  Object.assign(window, { bench: { times, tasks } })
  const fetch = window.fetch.bind(window)
  window.fetch = async (...request) => {
    const response = await fetch(...request)
    if (response.url.endsWith('/similar')) Object.assign(times, { answered: performance.now(), first: 0, ten: 0 })
    return response
  }
  const note = (moment: 'first' | 'ten'): void => {
    if (times.answered === 0 || times[moment] !== 0) return
    times[moment] = -1
    requestAnimationFrame(() => setTimeout(() => { times[moment] = performance.now() }))
  }
  const watchResults = (): void => {
    const { length } = document.querySelectorAll(result)
    if (length > 0) note('first')
    if (length >= 10) note('ten')
  }
  new MutationObserver(watchResults).observe(document, { childList: true, subtree: true })
  new PerformanceObserver(list => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ entryTypes: ['longtask'] })
}

const read = (page: Page): Promise<Bench> => page.evaluate(() => (window as unknown as { bench: Bench }).bench)
const forget = (page: Page): Promise<void> => page.evaluate(() => {
  const { times, tasks } = (window as unknown as { bench: Bench }).bench
  Object.assign(times, { answered: 0, first: 0, ten: 0 })
  tasks.length = 0
})

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

async function openPage(browser: Browser): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  await page.addInitScript(observe, RESULT)
  await manyResults(page)
  await (await page.context().newCDPSession(page)).send('Emulation.setCPUThrottlingRate', { rate: SLOWDOWN })
  await page.goto(`${demo.pageUrl}/#/?indices=meridian`)
  await searchToggler(page).click()
  return page
}

/** Asks. @returns the time from the answer to the first result, and to the tenth */
async function askOnce(page: Page): Promise<{ first: number, ten: number }> {
  await forget(page)
  await askAgain(searchSidebar(page), `${QUESTION} ${Math.random()}`)
  await expect.poll(async () => (await read(page)).times.ten).toBeGreaterThan(0)
  const { times: { answered, first, ten } } = await read(page)
  return { first: Math.round(first - answered), ten: Math.round(ten - answered) }
}

/** Ten more at a time. Found by selectors: to ask for roles is work for the page, which would be taken for the plugin's. @returns the longest task of it */
async function showAll(page: Page): Promise<number> {
  await forget(page)
  for (let count = 20; count <= RESULTS; count += 10) {
    await page.locator('.similarity-sidebar section > button').click()
    await expect(page.locator(RESULT)).toHaveCount(count)
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
const started: { first: number, ten: number }[] = []
const again: typeof started = []
const more: number[] = []
const scrolled: number[] = []
for (let round = 0; round < rounds; round += 1) {
  const browser = await chromium.launch(launched)
  try {
    const page = await openPage(browser)
    started.push(await askOnce(page))
    again.push(await askOnce(page))
    more.push(Math.round(await showAll(page)))
    scrolled.push(Math.round(await scroll(page)))
  } finally {
    await browser.close()
  }
}
const all = [...started, ...again]
const first = all.map(times => times.first).toSorted((one, other) => one - other)
const figures = {
  'slowdown': SLOWDOWN,
  'first results, median': first[Math.floor(first.length / 2)],
  'first results, slowest': first.at(-1),
  'ten results, slowest': Math.max(...all.map(({ ten }) => ten)),
  'longest task, ten more results': Math.max(...more),
  'longest task, scrolling a hundred': Math.max(...scrolled),
}
console.table(figures)
console.log(JSON.stringify({ ...figures, started, again, more, scrolled }))
