import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create } from 'tar'
import { backup } from '../app/backup.ts'
import { VERSION } from '../app/version.ts'
import { startGuardedCompanion } from './guarded-companion.ts'
import { KEPT_PROJECT, KEPT_USER, keptDocuments } from './kept-documents.ts'

/**
 * Makes the data folder that is kept of this version, once, when it is released:
 * `npx --no-install node --conditions=@similarity/source server/src/testing/keep-data-folder-process.ts`.
 */
const target = join(import.meta.dirname, '../../test-data')
const work = await mkdtemp(join(tmpdir(), 'similarity-kept-'))
await using companion = await startGuardedCompanion({ documents: keptDocuments(), users: [KEPT_USER] })
await companion.vectorize(KEPT_USER.apiKey, KEPT_PROJECT)
await backup(companion.dataDir, join(work, 'data'))
await cp(join(work, 'data'), join(work, VERSION), { recursive: true, filter: path => !path.endsWith('backup.json') })
await mkdir(target, { recursive: true })
await create({ gzip: { level: 9 }, file: join(target, `data-folder-${VERSION}.tar.gz`), cwd: work, portable: true }, [VERSION])
await rm(work, { recursive: true })
