import { readFileSync } from 'node:fs'
import { z } from 'zod'

/** One version for all packages and the manifest (a test holds them together). */
export const VERSION = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))).version
