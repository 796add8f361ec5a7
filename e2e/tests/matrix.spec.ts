import { expect, test, type Page } from '@playwright/test'
import { API_VERSION_HEADER } from '@datashare-similarity/shared'
import type { Demo } from 'datashare-similarity/demo/demo'
import { changed, changingAnswers, held, ofAnotherVersion, refused } from '../support/answers.ts'
import { addressOf, startDemo, vectorize } from '../support/demo.ts'
import { ask, expectAccessible, expectNoSidewaysScroll, openSimilar } from '../support/page.ts'

// Colours are measured at once, not while they change.
test.use({ ...changingAnswers, contextOptions: { reducedMotion: 'reduce' } })

const WIDTHS = [420, 768, 1280, 1920]
const SCHEMES = ['light', 'dark'] as const
const QUESTION = 'a crane with worn ropes'
const DOCUMENT = 'inspections/2019/crane-4.docx'
const OTHER = 'inspections/2019/gangway-ferry.docx'
const SIDEBAR = ['.similarity-sidebar, .similarity-drawer']
const PANEL = ['.similarity-panel']

interface State {
  readonly name: string
  /** Where the plugin's parts are, as axe finds them. */
  readonly parts: readonly string[]
  /** What tells that the page is in this state. */
  readonly shows: RegExp
  arrange(page: Page, demo: Demo): Promise<unknown>
}

const asked = (page: Page, demo: Demo) => ask(page, demo, 'harbour', QUESTION)
const beside = async (page: Page, demo: Demo) => openSimilar(page, demo, await addressOf(demo, 'harbour', DOCUMENT))

/** A search in a state that answers are changed for. */
const searched = (name: string, shows: RegExp, change: (page: Page) => Promise<unknown>): State => ({
  name, shows, parts: SIDEBAR,
  async arrange(page, demo) {
    await change(page)
    await asked(page, demo)
  },
})

const alone = (status: string, shows: RegExp): State => ({
  name: `a document that is ${status}`, shows, parts: PANEL,
  async arrange(page, demo) {
    await changed(page, '**/similar', { results: [{ query: { like: true }, documents: [], hasMore: false, copies: [] }] })
    await changed(page, '**/api/projects/harbour/documents/*', { status, reason: status === 'failed' ? 'document_failed' : null })
    await beside(page, demo)
  },
})

const coverage = { documents: 100, vectorized: 63, empty: 0, failed: 0, missing: 37, stale: 3, truncated: 0 }
const running = { id: 't', project: 'harbour', state: 'RUNNING', phase: 'embedding', mode: 'update', progress: 0.6, counts: { documents: 0, passages: 0 }, rate: null, etaSeconds: null, createdBy: 'local', createdAt: '2026-01-01T00:00:00Z' }

const STATES: readonly State[] = [
  searched('results', /\d documents/, () => Promise.resolve()),
  searched('nothing found', /No document found/, page => changed(page, '**/similar', { results: [{ query: { index: 0, text: QUESTION }, documents: [], hasMore: false, copies: [] }] })),
  searched('searching', /Searching…/, async (page) => {
    await page.addInitScript(() => { AbortSignal.timeout = () => new AbortController().signal })
    await held(page)
  }),
  searched('companion unreachable', /Code companion_unreachable/, page => page.route('**/similar', route => route.abort())),
  searched('companion of another version', /Code companion_version/, page => ofAnotherVersion(page, API_VERSION_HEADER)),
  searched('signed out', /Sign in/, page => refused(page, 'anonymous')),
  searched('no access', /Code project_forbidden/, page => refused(page, 'project_forbidden')),
  searched('never vectorized', /not vectorized yet/, async (page) => {
    await changed(page, '**/similar', { generation: null, results: [] })
    await changed(page, '**/api/projects/harbour', { generation: null })
  }),
  searched('a part of the documents, some of them changed', /Results from 63%.*3 documents have changed/s, page => changed(page, '**/similar', { coverage })),
  searched('being vectorized', /others are being vectorized/, async (page) => {
    await changed(page, '**/similar', { coverage })
    await changed(page, '**/api/projects/harbour', { task: running })
  }),
  searched('being rebuilt', /vectorized anew \(60%\)/, page => changed(page, '**/api/projects/harbour', { task: { ...running, mode: 'rebuild' } })),
  searched('words only', /found by words only/, page => changed(page, '**/similar', { degraded: 'words-only' })),
  searched('model changed', /another version of the model/, page => changed(page, '**/api/projects/harbour', { advice: ['model_outdated'] })),
  searched('model not installed', /model pull/, page => changed(page, '**/api/projects/harbour', { advice: ['model_not_installed'] })),
  alone('missing', /is not vectorized yet/),
  alone('empty', /has no text/),
  alone('failed', /could not be vectorized/),
  {
    name: 'companion not configured', shows: /Code companion_not_configured/, parts: ['.similarity-vectorization'],
    arrange: (page, demo) => page.goto(`${demo.pageUrl}/?without=config#/project/harbour`),
  },
  {
    name: 'filters', shows: /Created from/, parts: PANEL,
    arrange: async (page, demo) => (await beside(page, demo)).getByRole('button', { name: 'Filters' }).click(),
  },
  { name: 'the panel', shows: /In that document/, parts: PANEL, arrange: beside },
  {
    name: 'the tab', shows: /In that document/, parts: ['.similarity-tab'],
    arrange: async (page, demo) => page.goto(`${demo.pageUrl}${await addressOf(demo, 'harbour', DOCUMENT)}&tab=similar`),
  },
  {
    name: 'two copies side by side', shows: /lines differ/, parts: ['.similarity-compare'],
    async arrange(page, demo) {
      const [, documentId, rootId] = /harbour\/(\w+)\/(\w+)/.exec(await addressOf(demo, 'harbour', OTHER)) ?? []
      const copies = [{ documentId, rootId, title: OTHER, path: OTHER, similarity: 0.9 }]
      await changed(page, '**/similar', { results: [{ query: { like: true }, documents: [], hasMore: false, copies }] })
      const panel = await beside(page, demo)
      await panel.getByRole('button', { name: 'This document has one near-identical copy' }).click()
      await panel.getByRole('button', { name: 'Compare the texts' }).click()
    },
  },
  {
    name: 'the project', shows: /7 of 7 vectorized/, parts: ['.similarity-vectorization', '.similarity-widget'],
    arrange: (page, demo) => page.goto(`${demo.pageUrl}/#/project/harbour`),
  },
  { name: 'the tasks', shows: /Done/, parts: ['.similarity-tasks'], arrange: (page, demo) => page.goto(`${demo.pageUrl}/#/tasks/vectorizations`) },
]

// Long: every state in both themes at four widths. In the short tier other tests meet each state at one width, in one theme.
if (process.env['SIMILARITY_LONG_TESTS'] === '1') {
  test.describe('in every width and theme', () => {
    let demo: Demo

    test.beforeAll(async () => {
      test.setTimeout(300_000)
      demo = await startDemo()
      await vectorize(demo, 'harbour')
    })
    test.afterAll(() => demo[Symbol.asyncDispose]())
    test.afterEach(({ page }) => page.unrouteAll({ behavior: 'ignoreErrors' }))

    for (const { name, parts, shows, arrange } of STATES) {
      test(name, async ({ page }) => {
        test.setTimeout(300_000)
        await page.goto(demo.pageUrl)
        await arrange(page, demo)
        for (const width of WIDTHS) {
          for (const colorScheme of SCHEMES) {
            await test.step(`${width} ${colorScheme}`, async () => {
              await page.setViewportSize({ width, height: 900 })
              // As Datashare's own switch does: it asks for the wish of the system only once.
              await page.locator('body').evaluate((body, theme) => body.setAttribute('data-bs-theme', theme), colorScheme)
              await expect(page.locator('body')).toContainText(shows)
              await expectNoSidewaysScroll(page)
              await expectAccessible(page, ...parts)
            })
          }
        }
      })
    }
  })
}
