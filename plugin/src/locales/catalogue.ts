import { ERRORS } from '@datashare-similarity/shared'
import { SHOWN_ERRORS, type ShownError } from './shown-errors.ts'

export interface ErrorText { readonly why: string, readonly fix: string }

const entryOf = (code: ShownError): [ShownError, ErrorText] => [code, { why: ERRORS[code].why, fix: ERRORS[code].fix }]

/** What of the catalogue of errors the page can show. The build puts the finished value here, and so leaves the rest out. */
export const CATALOGUE = Object.fromEntries(SHOWN_ERRORS.map(entryOf)) as Record<ShownError, ErrorText>
