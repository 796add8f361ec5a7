import { ERRORS } from '@datashare-similarity/shared'
import { WORDED_ERRORS, type WordedError } from './worded-errors.ts'

interface ErrorText { readonly why: string, readonly fix: string }

const entryOf = (code: WordedError): [WordedError, ErrorText] => [code, { why: ERRORS[code].why, fix: ERRORS[code].fix }]

/** What of the catalogue of errors the plugin has in itself. The build puts the finished value here, and so leaves the rest out. */
export const CATALOGUE = Object.fromEntries(WORDED_ERRORS.map(entryOf)) as Record<WordedError, ErrorText>
