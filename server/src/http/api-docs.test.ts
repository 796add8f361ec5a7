import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DocumentStatusList, Project, SimilarAnswer, Task, TaskList } from '@datashare-similarity/shared'
import { createEditableDocuments } from '../testing/editable-documents.ts'
import { startGuardedCompanion, type GuardedCompanion } from '../testing/guarded-companion.ts'

const ROOT = join(import.meta.dirname, '../../..')
const page = await readFile(join(ROOT, 'docs/api.md'), 'utf8')
const blocks = (language: string): string[] => [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map(([, block = '']) => block.trim())

/** What each answers, in the order of the page; the first only says what the others are run with. */
const EXPECTED: readonly ((answer: unknown) => void)[] = [
  answer => expect((answer as SimilarAnswer).results[0]?.documents[0]).toMatchObject({ title: 'agreement.txt' }),
  answer => expect((answer as SimilarAnswer).results[0]).toMatchObject({ query: { like: true } }),
  answer => expect((answer as { task: Task }).task).toMatchObject({ project: 'meridian', mode: 'update' }),
  answer => expect((answer as TaskList).items.length).toBeGreaterThan(0),
  answer => expect((answer as Project).coverage).toMatchObject({ documents: 3, vectorized: 2 }),
  answer => expect(answer as DocumentStatusList).toMatchObject({ items: [] }),
]

describe.skipIf(process.env['SIMILARITY_LONG_TESTS'] !== '1')('docs/api.md (long)', () => {
  let companion: GuardedCompanion
  beforeAll(async () => {
    companion = await startGuardedCompanion({
      documents: createEditableDocuments({ meridian: { agreement: 'Doctors who prescribed the drug were taken on a cruise of six days, as a reward.', lease: 'The warehouse is leased for two years.', scan: '' } }),
      users: [{ uid: 'alice', apiKey: 'alice-key', projects: ['meridian'], roles: [{ role: 'PROJECT_EDITOR', on: '*::*' }] }],
    })
    await companion.vectorize('alice-key', 'meridian')
  })
  afterAll(() => companion[Symbol.asyncDispose]())

  async function run(command: string, args: readonly string[]): Promise<{ code: number | null, stdout: string, stderr: string }> {
    const child = spawn(command, args, { cwd: ROOT, env: { ...process.env, SIMILARITY_URL: companion.url, DATASHARE_API_KEY: 'alice-key' } })
    const said = { stdout: '', stderr: '' }
    child.stdout.on('data', (chunk: Buffer) => { said.stdout += chunk.toString() })
    child.stderr.on('data', (chunk: Buffer) => { said.stderr += chunk.toString() })
    return new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', code => resolve({ code, ...said }))
    })
  }

  it('names no command that is not tried here', () => {
    const [settings, ...commands] = blocks('sh')

    expect(settings).toMatch(/^export SIMILARITY_URL=\S+ DATASHARE_API_KEY=/)
    expect(commands.length).toBe(EXPECTED.length)
  })

  it.each(EXPECTED.map((check, index) => ({ check, index, command: blocks('sh')[index + 1] ?? '' })))('command $index does what it says', async ({ check, command }) => {
    const { code, stdout, stderr } = await run('/bin/sh', ['-c', command])

    expect(code, `${stdout}${stderr}`).toBe(0)
    check(JSON.parse(stdout))
  })

  it('has a program that runs as it stands', async () => {
    const [program = ''] = blocks('ts')
    const { code, stdout, stderr } = await run(process.execPath, ['--conditions=@similarity/source', '--input-type=module-typescript', '--eval', program])

    expect(code, stderr).toBe(0)
    expect(stdout).toMatch(/^\S+ agreement\.txt$/m)
  })
})
