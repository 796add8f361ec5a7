import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { Command, Option } from 'commander'
import { FINISHED_STATES, LIMITS, SEARCH_MODES, SimilarityError, type Project, type Task } from '@datashare-similarity/shared'
import { givenSettings } from '../app/config.ts'
import { VERSION } from '../app/version.ts'
import { addBackup } from './backup.ts'
import { connect, type Companion, type Env } from './connect.ts'
import { addDoctor } from './doctor.ts'
import { addModel, withModel } from './model.ts'
import { createOutput, evaluationLines, EXIT, progressLine, projectLines, resultLines, tellError, type Output } from './output.ts'
import { addPlugin } from './plugin.ts'
import { serve, work } from './serve.ts'

interface Flags { json?: boolean }

const POLL_MS = 500
/** How long a task may be lost from sight. */
const LOST_MS = 60_000

/** Runs one command and gives its exit code; never ends the process itself. */
export async function run(argv: readonly string[]): Promise<number> {
  if (existsSync('.env')) process.loadEnvFile('.env')
  const env = givenSettings(process.env)
  let code: number = EXIT.ok
  const program = createProgram(env, (exit) => {
    code = exit
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (isCommanderError(error)) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    return tellError(error, argv.includes('--json'))
  }
  return code
}

function createProgram(env: Env, exit: (code: number) => void): Command {
  const program = new Command('datashare-similarity')
    .description('Find documents by meaning in Datashare: the companion server and its command line.')
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError()
    .addHelpText('after', `
Examples:
  $ datashare-similarity serve
  $ datashare-similarity vectorize local-datashare
  $ datashare-similarity similar local-datashare "who hides real estate behind nominees"
  $ datashare-similarity status
  $ datashare-similarity doctor

Settings are environment variables (or a .env file); DATASHARE_API_KEY signs you in where Datashare is in SERVER mode.`)
  addServe(program, env)
  addWorker(program, env)
  addChain(program, env, exit)
  addSearch(program, env)
  addModel(program, env)
  addDoctor(program, env, exit)
  addEvaluate(program, env)
  addBackup(program, env)
  addPlugin(program, env)
  return program
}

function addServe(program: Command, env: Env): void {
  program.command('serve')
    .description('run the companion until it is stopped (Ctrl-C)')
    .option('--demo', 'with a bundled sample collection and a stand-in of Datashare\'s page')
    .addHelpText('after', '\nExamples:\n  $ DATASHARE_URL=http://localhost:8080 datashare-similarity serve\n  $ datashare-similarity serve --demo')
    .action(async ({ demo }: { demo?: boolean }) => serve({ demo: demo === true }, env))
}

function addWorker(program: Command, env: Env): void {
  program.command('worker')
    .description('with SIMILARITY_ENGINE=temporal: do the work of vectorizations until it is stopped; several share it')
    .addHelpText('after', '\nExample:\n  $ SIMILARITY_ENGINE=temporal SIMILARITY_STORE=elasticsearch TEMPORAL_ADDRESS=temporal:7233 datashare-similarity worker')
    .action(async () => work(env))
}

function addChain(program: Command, env: Env, exit: (code: number) => void): void {
  const json = new Option('--json', 'print JSON, a line per progress')
  program.command('vectorize <project>')
    .description('cut, embed and store the documents of a project; new and changed ones only')
    .addOption(new Option('--rebuild', 'everything anew; the old vectors answer until the new ones are complete').conflicts('failed'))
    .option('--failed', 'only those that failed')
    .option('--batch-size <n>', 'documents per vectorize_docs task', whole)
    .option('--model <id>', 'the model of a first vectorization or a rebuild: see "model list"; or the path of a folder')
    .addOption(json)
    .addHelpText('after', '\nExamples:\n  $ datashare-similarity vectorize local-datashare\n  $ datashare-similarity vectorize local-datashare --rebuild --batch-size 32')
    .action(async (project: string, flags: Flags & { rebuild?: boolean, failed?: boolean, batchSize?: number, model?: string }) => {
      const chosen = await withModel(env, flags.model)
      await withCompanion(chosen.env, flags, async (companion, output) => {
        const mode = flags.rebuild === true ? 'rebuild' : flags.failed === true ? 'failed' : 'update'
        exit(await follow(companion, output, await companion.vectorize(project, { mode, batchSize: flags.batchSize, model: chosen.model })))
      })
    })
  program.command('cancel <task>').description('stop a chain; what is done stays done').addOption(json)
    .action(async (id: string, flags: Flags) => withCompanion(env, flags, async (companion, output) => {
      const code = await follow(companion, output, await companion.cancel(id))
      exit(code === EXIT.taskCancelled ? EXIT.ok : code)
    }))
  program.command('resume <task>').description('go on where a cancelled or failed chain stood').addOption(json)
    .action(async (id: string, flags: Flags) => withCompanion(env, flags, async (companion, output) => {
      exit(await follow(companion, output, await companion.resume(id)))
    }))
  program.command('wipe <project>').description('remove the passages and vectors of a project from this companion').addOption(new Option('--json', 'print JSON'))
    .action(async (project: string, flags: Flags) => withCompanion(env, flags, async (companion, output) => {
      await companion.wipe(project)
      output.line(output.json ? JSON.stringify({ wiped: project }) : `${project}: passages and vectors removed`)
    }))
  program.command('status [project]').description('state and coverage of one project, or of all that you may read').addOption(new Option('--json', 'print JSON'))
    .action(async (project: string | undefined, flags: Flags) => withCompanion(env, flags, async (companion, output) => {
      const items = project === undefined ? await allProjects(companion) : [await companion.project(project)]
      if (output.json) output.line(JSON.stringify(project === undefined ? items : items[0]))
      else items.flatMap(projectLines).forEach(line => output.line(line))
    }))
}

function addSearch(program: Command, env: Env): void {
  program.command('similar <project> <query...>')
    .description('the documents most like each query; "quoted words" must appear')
    .option('--size <n>', 'documents per query', whole)
    .addOption(new Option('--mode <mode>', 'by meaning and words, or one of them').choices(SEARCH_MODES))
    .addOption(new Option('--json', 'print the HTTP answer'))
    .addHelpText('after', '\nExamples:\n  $ datashare-similarity similar local-datashare "payments to a minister\'s family"\n  $ datashare-similarity similar local-datashare "doc about books" "doc speaking about animal" --json')
    .action(async (project: string, queries: string[], { size, mode, ...flags }: Flags & { size?: number, mode?: (typeof SEARCH_MODES)[number] }) => {
      await withCompanion(env, flags, async (companion, output) => {
        const answer = await companion.similar(project, { queries, size, mode })
        if (output.json) output.line(JSON.stringify(answer))
        else resultLines(answer).forEach(line => output.line(line))
      })
    })
}

function addEvaluate(program: Command, env: Env): void {
  program.command('evaluate <project>')
    .description('measure with the project itself how well it is searched')
    .addOption(new Option('--json', 'print JSON'))
    .addHelpText('after', '\nSome words of passages of the project must lead back to their documents, and the vector index must find what an exact search finds.\nThe figures are kept, and shown by "status".\n\nExample:\n  $ datashare-similarity evaluate local-datashare')
    .action(async (project: string, flags: Flags) => withCompanion(env, flags, async (companion, output) => {
      const evaluation = await companion.evaluate(project)
      if (output.json) output.line(JSON.stringify(evaluation))
      else evaluationLines(evaluation).forEach(line => output.line(line))
    }))
}

async function allProjects(companion: Companion): Promise<Project[]> {
  const items: Project[] = []
  for (;;) {
    const { items: page, pagination } = await companion.projects({ size: LIMITS.size, from: items.length })
    items.push(...page)
    if (page.length === 0 || items.length >= pagination.total) return items
  }
}

async function withCompanion(env: Env, flags: Flags, use: (companion: Companion, output: Output) => Promise<void>): Promise<void> {
  await using companion = await connect(env)
  await use(companion, createOutput(flags.json === true))
}

/** Shows progress until the task ends. Leaving with Ctrl-C leaves a running companion's task running. */
async function follow(companion: Companion, output: Output, first: Task): Promise<number> {
  let task = first
  let printed = ''
  for (;;) {
    const line = output.json ? JSON.stringify(task) : progressLine(task)
    if (line !== printed) {
      if (output.json) output.line(line)
      else output.progress(line)
    }
    printed = line
    if ((FINISHED_STATES as readonly string[]).includes(task.state)) break
    await delay(POLL_MS)
    task = await lookAgain(companion, output, task.id)
  }
  output.endProgress()
  if (task.state === 'ERROR' && task.error !== null) throw new SimilarityError(task.error.code, { detail: task.error.detail })
  return task.state === 'DONE' ? EXIT.ok : task.state === 'CANCELLED' ? EXIT.taskCancelled : EXIT.taskFailed
}

/** The task goes on while nobody answers: the companion may be started anew, or Datashare. */
async function lookAgain(companion: Companion, output: Output, id: string): Promise<Task> {
  const until = performance.now() + LOST_MS
  for (;;) {
    try {
      return await companion.task(id)
    } catch (error) {
      const isAway = error instanceof SimilarityError && error.entry.status === 503
      if (!isAway || performance.now() > until) throw error
      if (!output.json) output.progress('no answer, looking again')
      await delay(POLL_MS)
    }
  }
}

function whole(value: string): number {
  if (!/^\d+$/.test(value)) throw new SimilarityError('invalid_request', { detail: `"${value}" is not a whole number.` })
  return Number(value)
}

const isCommanderError = (error: unknown): error is { exitCode: number } =>
  error instanceof Error && error.name === 'CommanderError' && 'exitCode' in error
