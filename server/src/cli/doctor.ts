import { ERRORS, type ErrorCode } from '@datashare-similarity/shared'
import { Option, type Command } from 'commander'
import { examine } from '../app/checks/checks.ts'
import { failed, type Finding } from '../app/checks/finding.ts'
import { checkNode } from '../app/checks/machine.ts'
import { readConfig, type Config } from '../app/config.ts'
import { VERSION } from '../app/version.ts'
import { runningCompanion, type Env } from './connect.ts'
import { createOutput, EXIT, exitOf } from './output.ts'

interface Flags { json?: boolean }

/** Looks at what a companion needs, beside a running one or without, and changes nothing. */
export function addDoctor(program: Command, env: Env, exit: (code: number) => void): void {
  program.command('doctor')
    .description('look at everything that a companion needs, and say what to do')
    .addOption(new Option('--json', 'print JSON'))
    .addHelpText('after', `
Looks at this machine, the data folder, the model, Elasticsearch, Datashare and, where it is the engine, Temporal, as the settings name them; changes nothing.
With DATASHARE_API_KEY it also tries whether the projects that you see can be read in Elasticsearch.
Exit code: 0 no error (there may be warnings), 2 a request or an account is wrong, 3 something does not answer or cannot be used, 4 refused, 1 anything else.

Example:
  $ DATASHARE_URL=http://localhost:8080 ELASTICSEARCH_URL=http://localhost:9200 datashare-similarity doctor`)
    .action(async (flags: Flags) => {
      const findings = await findingsOf(env)
      const output = createOutput(flags.json === true)
      if (output.json) output.line(JSON.stringify({ version: VERSION, ok: !findings.some(isError), findings }))
      else findingLines(findings).forEach(line => output.line(line))
      exit(exitCode(findings))
    })
}

async function findingsOf(env: Env): Promise<Finding[]> {
  let config: Config
  try {
    config = readConfig(env)
  } catch (error) {
    return [checkNode(), failed('settings', error)]
  }
  return examine({ config, apiKey: env['DATASHARE_API_KEY'], running: () => runningCompanion(env) })
}

const isError = ({ severity }: Finding): boolean => severity === 'error'

function exitCode(findings: readonly Finding[]): number {
  const code = findings.find(isError)?.code
  if (code === undefined || code === null) return EXIT.ok
  return isErrorCode(code) ? exitOf(code) : EXIT.failed
}

const isErrorCode = (code: string): code is ErrorCode => code in ERRORS

function findingLines(findings: readonly Finding[]): string[] {
  const count = (severity: Finding['severity']): number => findings.filter(finding => finding.severity === severity).length
  const [errors, warnings] = [count('error'), count('warning')]
  return [
    ...findings.flatMap(({ check, severity, code, detail, fix }) => [
      `${severity.padEnd(8)} ${check.replace('_', ' ').padEnd(14)} ${detail}`,
      ...fix === null ? [] : [`${' '.repeat(24)}Fix: ${fix}`, `${' '.repeat(24)}Code: ${code ?? ''}`],
    ]),
    errors + warnings === 0 ? 'Nothing to mend.' : `${errors} ${errors === 1 ? 'error' : 'errors'}, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}.`,
  ]
}
