import { ERRORS, SimilarityError, type ErrorCode } from '@datashare-similarity/shared'

/**
 * What a check may find beside the errors of the catalogue: nothing that stops the companion, but something that somebody should know.
 * Codes are permanent, as those of the catalogue are.
 */
export const FINDINGS = {
  disk_low: { why: 'Little room is left on the disk of the data folder.', fix: 'Free space on the disk, or point SIMILARITY_DATA_DIR to a larger one. An update may need as much room again as the largest project has.' },
  data_folder_open: { why: 'Others on this machine can enter the data folder, and other things lie in it.', fix: 'Give the companion a folder of its own with SIMILARITY_DATA_DIR.' },
  elasticsearch_untested: { why: 'The companion was not tried with this version of Elasticsearch.', fix: 'Go on, and tell the project what you see. Versions 8.x are known to work.' },
  rights_not_checked: { why: 'Which projects there are could not be asked, so the right to read them in Elasticsearch was not tried.', fix: 'Set DATASHARE_API_KEY to a key of somebody who may read them, and run "doctor" again.' },
  datashare_too_old: { why: 'The companion was made for Datashare 20.8 and later: earlier ones come with an Elasticsearch that it cannot read.', fix: 'Upgrade Datashare to 20.8 or later.' },
  datashare_untested: { why: 'The companion was made with Datashare up to 21.18.', fix: 'Go on, and tell the project what you see; look for a newer version of the companion.' },
  origin_missing: { why: 'The pages of Datashare are not among the origins that may call the companion.', fix: 'Add the origin of DATASHARE_URL, as people type it, to SIMILARITY_ALLOWED_ORIGINS.' },
  public_url_missing: { why: 'Datashare has a name of its own or HTTPS, while browsers elsewhere cannot reach the companion as it listens.', fix: 'Put the companion behind Datashare\'s reverse proxy and set SIMILARITY_PUBLIC_URL to its address there.' },
  open_to_network: { why: 'In this mode of Datashare everybody who reaches the companion is its one user, and it listens beyond this machine.', fix: 'Leave SIMILARITY_HOST at 127.0.0.1, or run Datashare in SERVER mode.' },
  no_worker: { why: 'No worker has asked it for work in the last minute and a half, so vectorizations wait.', fix: 'Start at least one "datashare-similarity worker", with the same settings as the companion.' },
  companion_silent: { why: 'A process holds the data folder, but no companion answers on SIMILARITY_PORT.', fix: 'Wait where it is just starting or stopping; else end that process. Or set SIMILARITY_PORT to the port that it listens on.' },
  companion_other_version: { why: 'The companion that runs is of another version than this command.', fix: 'Start it again with this version.' },
} as const satisfies Record<string, { why: string, fix: string }>

export type FindingCode = keyof typeof FINDINGS | ErrorCode

/** What was looked at. */
export type CheckName = 'node' | 'settings' | 'data_folder' | 'disk' | 'ledger' | 'companion' | 'model' | 'elasticsearch' | 'datashare' | 'rights' | 'origins' | 'tasks' | 'temporal'

export interface Finding {
  readonly check: CheckName
  readonly severity: 'ok' | 'warning' | 'error'
  /** Null where all is well. */
  readonly code: FindingCode | null
  /** What exactly, in this case. */
  readonly detail: string
  /** Null where there is nothing to do. */
  readonly fix: string | null
}

export const fine = (check: CheckName, detail: string): Finding => ({ check, severity: 'ok', code: null, detail, fix: null })

export function warning(check: CheckName, code: keyof typeof FINDINGS, detail: string): Finding {
  const { why, fix } = FINDINGS[code]
  return { check, severity: 'warning', code, detail: `${detail} ${why}`, fix }
}

/** Of the catalogue, but not so bad here that nothing works. */
export const lesser = (finding: Finding): Finding => ({ ...finding, severity: 'warning' })

/** What a check stumbled over, as a finding. Errors that are none of the catalogue are a fault of the check itself, and go on. */
export function failed(check: CheckName, error: unknown): Finding {
  if (!(error instanceof SimilarityError)) throw error
  return { check, severity: 'error', code: error.code, detail: error.detail, fix: ERRORS[error.code].fix }
}
