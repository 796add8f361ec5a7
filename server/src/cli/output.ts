import { ERRORS, SimilarityError, type ErrorCode, type Evaluation, type Project, type SimilarAnswer, type Task } from '@datashare-similarity/shared'

/** Exit codes, by what a script can do about it. */
export const EXIT = { ok: 0, failed: 1, usage: 2, unreachable: 3, refused: 4, taskFailed: 5, taskCancelled: 6 } as const

export interface Output {
  readonly json: boolean
  line(text: string): void
  /** Replaces the last progress line on a terminal; a line of its own elsewhere. */
  progress(text: string): void
  endProgress(): void
}

export function createOutput(json: boolean, stream: NodeJS.WriteStream = process.stdout): Output {
  let last = ''
  return {
    json,
    line: text => void stream.write(`${text}\n`),
    progress: (text) => {
      if (text === last) return
      last = text
      stream.write(stream.isTTY ? `\r\u001B[K${text.slice(0, Math.max(20, stream.columns - 1))}` : `${text}\n`)
    },
    endProgress: () => {
      if (stream.isTTY && last !== '') stream.write('\n')
      last = ''
    },
  }
}

/** Tells an error with its fix on standard error, and gives the exit code. */
export function tellError(error: unknown, json: boolean): number {
  const told = describe(error)
  process.stderr.write(json ? `${JSON.stringify(told)}\n` : `Error: ${told.title}. ${told.detail}\n  Fix: ${told.fix}\n  Code: ${told.code}\n${told.requestId === undefined ? '' : `  Request: ${told.requestId}\n`}`)
  return exitOf(told.code)
}

/** The exit code of an error, by what can be done about it. */
export function exitOf(code: ErrorCode): number {
  const { status } = ERRORS[code]
  if ([401, 403].includes(status)) return EXIT.refused
  if (status === 503) return EXIT.unreachable
  return status === 422 || status === 400 ? EXIT.usage : EXIT.failed
}

interface Told { code: ErrorCode, status: number, title: string, detail: string, fix: string, requestId?: string }

function describe(error: unknown): Told {
  if (error instanceof SimilarityError) {
    const { code, detail, requestId, entry: { status, title, fix } } = error
    return { code, status, title, detail, fix, ...requestId !== undefined && { requestId } }
  }
  const { status, title, fix } = ERRORS.internal
  return { code: 'internal', status, title, detail: error instanceof Error ? `${error.name}: ${error.message}` : String(error), fix }
}

const BAR = 24

export function progressLine(task: Task): string {
  const filled = Math.round(task.progress * BAR)
  const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}`
  const { documents, done, empty, failed, passages } = task.counts
  const parts = [
    `${bar} ${String(Math.floor(task.progress * 100)).padStart(3)} %`,
    task.waitingFor === null ? task.phase ?? task.state.toLowerCase() : `waiting for ${task.waitingFor}`,
    `${done + empty + failed}/${documents} documents`,
    `${passages} passages`,
    ...(task.rate === null ? [] : [`${Math.round(task.rate)}/min`]),
    ...(task.etaSeconds === null ? [] : [`${duration(task.etaSeconds[0])}–${duration(task.etaSeconds[1])} left`]),
    ...(failed === 0 ? [] : [`${failed} failed`]),
  ]
  return parts.join('  ')
}

const duration = (seconds: number): string => {
  if (seconds < 90) return `${Math.round(seconds)} s`
  return seconds < 5_400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`
}

const MULTILINGUAL = 'multilingual-e5-small'

/** What to do about the advice on a model. */
const ADVICE: Readonly<Record<string, (project: Project) => string>> = {
  model_language_mismatch: ({ project, model, languages }) => `model_language_mismatch: the model ${model.id} is made for ${model.languages.join(', ') || 'languages that nobody names'}, and the project has documents in ${Object.keys(languages).join(', ')}. `
    + `A model for many languages: "datashare-similarity model pull ${MULTILINGUAL}", then "datashare-similarity vectorize ${project} --rebuild --model ${MULTILINGUAL}"`,
  model_not_installed: ({ model }) => `model_not_installed: search goes on by words; run "datashare-similarity model pull ${model.id}", or start the companion with its folder`,
  model_outdated: ({ project }) => `model_outdated: search goes on by words until "datashare-similarity vectorize ${project}" has made the vectors anew`,
}

export function projectLines(project: Project): string[] {
  const { documents, vectorized, empty, failed, missing, stale } = project.coverage
  const unchecked = project.advice.find(code => code === 'coverage_pending' || code in ERRORS)
  return [
    `${project.project}: ${unchecked === undefined ? '' : 'not compared with Datashare now; last known: '}${vectorized} of ${documents} documents vectorized (${empty} empty, ${failed} failed, ${missing} missing, ${stale} changed)`,
    `  model ${project.model.id}, ${project.passages} passages, ${(project.bytes / 1e6).toFixed(1)} MB${project.updatedAt === null ? '' : `, updated ${project.updatedAt}`}`,
    ...(project.task === null ? [] : [`  task ${project.task.id}: ${project.task.state}`]),
    ...(project.task?.state === 'RUNNING' ? [`  ${progressLine(project.task)}`] : []),
    ...project.advice.map(code => `  note: ${ADVICE[code]?.(project) ?? code}`),
    ...(project.evaluation === null ? [] : evaluationLines(project.evaluation).map(line => `  ${line}`)),
  ]
}

const percent = (share: number): string => `${Math.round(share * 100)} %`

export function evaluationLines({ measuredAt, items, hybrid, meaning, words, vectors, indexRecall }: Evaluation): string[] {
  const found = ({ first, ten }: Evaluation['hybrid']): string => `${percent(first)} first, ${percent(ten)} in the first ten`
  return [
    `some words of ${items} passages lead back to their document: ${found(hybrid)}`,
    `  by meaning alone ${found(meaning)}; by words alone ${found(words)}`,
    `the vector index finds ${percent(indexRecall)} of the nearest passages of ${vectors}; measured ${measuredAt}`,
  ]
}

const STRENGTH_WORDS = { 'near-identical': 'near-identical', 'strong': 'strong', 'related': 'related', 'weak': 'weak', 'words': 'exact words' } as const

export function resultLines(answer: SimilarAnswer): string[] {
  return [
    ...(answer.degraded === null ? [] : ['The model is not available: these are results by words only.']),
    ...(answer.generation === null ? ['This project has not been vectorized yet: run "datashare-similarity vectorize <project>".'] : []),
    ...answer.results.flatMap(group => [
      ...('text' in group.query ? [`“${group.query.text}”`] : []),
      ...(group.documents.length === 0 ? ['  nothing found'] : []),
      ...group.documents.flatMap((document, index) => [
        `${String(index + 1).padStart(3)}. ${document.title}  [${STRENGTH_WORDS[document.strength]}]  ${document.path}`,
        ...document.passages.slice(0, 1).map(passage => `     ${passage.text.replaceAll(/\s+/g, ' ').slice(0, 160)}`),
        ...(document.duplicates.length === 0 ? [] : [`     +${document.duplicates.length} near-identical ${document.duplicates.length === 1 ? 'copy' : 'copies'}`]),
      ]),
    ]),
  ]
}
