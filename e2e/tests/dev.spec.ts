import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { ROOT } from '../support/demo.ts'

/** A file is saved again, as it is: nothing of the checkout changes. */
const save = (...path: string[]): Promise<void> => utimes(join(ROOT, ...path), new Date(), new Date())

// Starts everything from its sources: part of the long form.
if (process.env['SIMILARITY_LONG_TESTS'] === '1') test.describe('npm run dev', () => {
  let child: ChildProcess
  let said = ''

  test.beforeAll(() => {
    child = spawn('npm', ['run', 'dev'], { cwd: ROOT, env: { ...process.env, SIMILARITY_PORT: '0' }, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk: Buffer) => { said += chunk.toString() })
  })
  test.afterAll(async () => {
    const ended = once(child, 'exit')
    process.kill(-child.pid!, 'SIGINT')
    await ended
  })

  const starts = (): number => said.split('The companion has started').length - 1

  test('shows a change of the plugin in the open page, and starts the companion again when one of its files is saved', async ({ page }) => {
    test.setTimeout(300_000)
    await expect.poll(() => /Open (http:\S+\d)/.exec(said)?.[1], { timeout: 240_000 }).toBeDefined()
    await page.goto(`${/Open (http:\S+\d)/.exec(said)![1]!}/#/project/harbour`)
    const vectorize = page.getByRole('button', { name: 'Vectorize' }).first()
    await expect(vectorize).toBeVisible({ timeout: 60_000 })

    await page.evaluate(() => { document.title = 'before the change' })
    await save('plugin', 'src', 'register.ts')
    await expect(page).not.toHaveTitle('before the change')
    await expect(vectorize).toBeVisible({ timeout: 60_000 })

    expect(starts()).toBe(1)
    await save('server', 'src', 'search', 'fusion.ts')
    await expect.poll(starts, { timeout: 60_000 }).toBe(2)
    await page.reload()
    await expect(vectorize).toBeVisible({ timeout: 60_000 })
  })
})
