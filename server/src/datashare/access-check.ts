import { hash } from 'node:crypto'
import { SimilarityError } from '@datashare-similarity/shared'
import { z } from 'zod'
import type { Logger } from '../log.ts'
import { createShortCache } from '../short-cache.ts'
import { grantOf, projectName, type AccessCheck, type Caller, type Credentials, type GrantedProject, type Permissions, type ProjectName } from './access.ts'
import { unexpectedAnswer } from './datashare-client.ts'
import { askFor, settingsOf, versionOf } from './facts.ts'

export type VectorizeRole = 'PROJECT_ADMIN' | 'PROJECT_EDITOR' | 'PROJECT_MEMBER'

export interface AccessCheckOptions {
  /** Address of Datashare. */
  readonly url: string
  /** The least role that may vectorize, cancel and wipe where Datashare is in SERVER mode. */
  readonly vectorizeRole: VectorizeRole
  readonly log: Logger
}

const ME = '/api/users/me'
const PERMISSIONS = '/api/users/me/permissions'
const REMEMBERED = { milliseconds: 10_000, entries: 1_000 }
/** Least first. */
const ROLES = ['PROJECT_VISITOR', 'PROJECT_MEMBER', 'PROJECT_EDITOR', 'PROJECT_ADMIN', 'DOMAIN_ADMIN', 'INSTANCE_ADMIN'] as const
const EVERYTHING: Permissions = { vectorize: true, wipe: true, admin: true }

const MeSchema = z.object({ uid: z.string().min(1), projects: z.array(z.object({ name: z.string() })) })
const PolicySchema = z.object({ ptype: z.string(), v0: z.string(), v1: z.string(), v2: z.string() })

type Me = z.infer<typeof MeSchema>
/** Null where this Datashare does not tell roles. */
type Policies = z.infer<typeof PolicySchema>[] | null

interface Rights {
  readonly permissions: Permissions
  /** False where Datashare does not tell roles, so that the permissions may be too narrow. */
  readonly roleKnown: boolean
}

const keyOf = ({ cookie, authorization }: Credentials): string => hash('sha256', JSON.stringify([cookie ?? null, authorization ?? null]))

function listedProjects(me: Me): ProjectName[] {
  return me.projects.flatMap(({ name }) => {
    try {
      return [projectName(name)]
    } catch {
      return []
    }
  })
}

const rank = (role: string): number => ROLES.findIndex(known => known === role)

/** The highest role of the caller in the project. Datashare lists the project for him, so with no role of his own there he is a member. */
function rankIn(policies: NonNullable<Policies>, uid: string, project: ProjectName): number {
  const scopes = ['*::*', 'default::*', `default::${project}`]
  const roles = policies.filter(({ ptype, v0, v2 }) => ptype === 'g' && v0 === uid && scopes.includes(v2))
  return roles.length === 0 ? rank('PROJECT_MEMBER') : Math.max(...roles.map(({ v1 }) => rank(v1)))
}

function permissionsAt(reached: number, vectorizeRole: VectorizeRole): Permissions {
  const vectorize = reached >= rank(vectorizeRole)
  return { vectorize, wipe: vectorize, admin: reached >= rank('PROJECT_ADMIN') }
}

async function orAborted<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return answer
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const stop = (): void => reject(signal.reason)
  signal.addEventListener('abort', stop)
  try {
    return await Promise.race([answer, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** The questions to Datashare itself, each asked once, not remembered. */
function questions(url: string, log: Logger) {
  const told = <T>({ status, value }: { status: number, value: T | undefined }, path: string): T => {
    if (value !== undefined) return value
    log.warn({ path, status }, 'Datashare gave an unexpected answer')
    throw unexpectedAnswer(status)
  }
  return {
    me: async (credentials: Credentials): Promise<Me> => told(await askFor(url, ME, MeSchema, credentials), ME),
    async policies(credentials: Credentials): Promise<Policies> {
      const answer = await askFor(url, PERMISSIONS, z.array(PolicySchema), credentials)
      return answer.status === 404 ? null : told(answer, PERMISSIONS)
    },
    mode: async (): Promise<string> => (await settingsOf(url)).mode,
    version: (): Promise<string> => versionOf(url),
  }
}

/** Asks Datashare who a caller is and what he may do; an answer is remembered for 10 s at most. */
export function createAccessCheck({ url, vectorizeRole, log }: AccessCheckOptions): AccessCheck {
  const datashare = questions(url, log)
  const callers = createShortCache<Caller>(REMEMBERED)
  const policies = createShortCache<Policies>(REMEMBERED)
  const facts = createShortCache<string>(REMEMBERED)

  async function rightsOf(uid: string, credentials: Credentials, project: GrantedProject): Promise<Rights> {
    const mode = await facts.get('mode', datashare.mode)
    if (mode === 'LOCAL' || mode === 'EMBEDDED') return { permissions: EVERYTHING, roleKnown: true }
    const known = await policies.get(keyOf(credentials), () => datashare.policies(credentials))
    const reached = known === null ? rank('PROJECT_MEMBER') : rankIn(known, uid, project.name)
    return { permissions: permissionsAt(reached, vectorizeRole), roleKnown: known !== null }
  }

  function forget(credentials: Credentials): void {
    callers.drop(keyOf(credentials))
    policies.drop(keyOf(credentials))
  }

  function callerOf(me: Me, credentials: Credentials): Caller {
    const projects = listedProjects(me)
    const caller: Caller = {
      uid: me.uid,
      credentials,
      projects,
      mayRead(name) {
        const project = projects.find(known => known === name)
        return project === undefined ? null : grantOf(project, caller)
      },
      grant(name) {
        const project = caller.mayRead(name)
        if (project === null) throw new SimilarityError('project_forbidden')
        return project
      },
      permissions: async project => (await rightsOf(me.uid, credentials, project)).permissions,
      async demandVectorize(project) {
        const { permissions, roleKnown } = await rightsOf(me.uid, credentials, project)
        if (!permissions.vectorize) throw new SimilarityError(roleKnown ? 'role_too_low' : 'role_unknown')
      },
      forget: () => forget(credentials),
    }
    return caller
  }

  const identify = (credentials: Credentials, signal: AbortSignal | undefined): Promise<Caller> =>
    orAborted(callers.get(keyOf(credentials), async () => callerOf(await datashare.me(credentials), credentials)), signal)

  return {
    async identify(credentials, signal, wanted) {
      const isRemembered = callers.has(keyOf(credentials))
      const caller = await identify(credentials, signal)
      if (!isRemembered || wanted === undefined || caller.mayRead(wanted) !== null) return caller
      forget(credentials)
      return await identify(credentials, signal)
    },
    version: () => facts.get('version', datashare.version).catch(() => null),
  }
}
