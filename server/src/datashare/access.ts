import { SimilarityError, PROJECT_NAME } from '@datashare-similarity/shared'

declare const projectNameBrand: unique symbol
/** A project's name in a form that Datashare takes. It says nothing about who may read it: that is GrantedProject. */
export type ProjectName = string & { readonly [projectNameBrand]: true }

/** Elasticsearch has no index of such a name, but gives "_all" and a leading "-" meanings of their own. */
const NO_INDEX_NAME = /^[-_]/

/** @throws SimilarityError invalid_project_name */
export function projectName(raw: string): ProjectName {
  if (!PROJECT_NAME.test(raw) || NO_INDEX_NAME.test(raw)) throw new SimilarityError('invalid_project_name')
  return raw as ProjectName
}

/** The two headers that make an identity, exactly as the caller sent them. Never parsed, never logged. */
export interface Credentials {
  readonly cookie: string | undefined
  readonly authorization: string | undefined
}

class Granted {
  /** Makes the type nominal: only this file can make one. */
  readonly #proof = true
  readonly name: ProjectName
  readonly caller: Caller

  constructor(name: ProjectName, caller: Caller) {
    this.name = name
    this.caller = caller
  }

  get isProven(): boolean {
    return this.#proof
  }
}

/** A project that Datashare has just said this caller may read: the key to every search and status. */
export type GrantedProject = Granted

export interface Permissions {
  readonly vectorize: boolean
  readonly wipe: boolean
  /** Administrator of the project: may stop other people's tasks. */
  readonly admin: boolean
}

/** Somebody whom Datashare knows, and what they may read. Made by AccessCheck only. */
export interface Caller {
  readonly uid: string
  readonly credentials: Credentials
  readonly projects: readonly ProjectName[]
  /** @throws SimilarityError project_forbidden: the same for a project that is not granted and for one that does not exist */
  grant(name: string): GrantedProject
  /** Null instead of an error, for tasks: the answer there is 404. */
  mayRead(name: string): GrantedProject | null
  /** What may be done in the project, to be shown. @throws SimilarityError anonymous | datashare_unreachable */
  permissions(project: GrantedProject): Promise<Permissions>
  /** Lets pass who may vectorize, and so cancel and wipe. @throws SimilarityError role_too_low | role_unknown | anonymous | datashare_unreachable */
  demandVectorize(project: GrantedProject): Promise<void>
  /** Drops what is remembered of this caller: Datashare has just refused something that it had allowed. */
  forget(): void
}

export interface AccessCheck {
  /**
   * Asks Datashare who sends these credentials. With the name of a project that is wanted no remembered answer refuses it:
   * the project may be new. @throws SimilarityError anonymous | datashare_unreachable
   */
  identify(credentials: Credentials, signal?: AbortSignal, wanted?: string): Promise<Caller>
  /** Version of Datashare, null where it does not answer. */
  version(): Promise<string | null>
}

/**
 * For a worker, which nobody is signed in to: a project that a task's record names, which a companion wrote after its access check.
 * Its caller can ask nothing more.
 */
export function grantOfRecord(name: ProjectName, uid: string): GrantedProject {
  const refuse = (): never => { throw new SimilarityError('project_forbidden') }
  const caller: Caller = {
    uid, credentials: { cookie: undefined, authorization: undefined }, projects: [name],
    grant: refuse, mayRead: () => null, permissions: () => Promise.reject(new SimilarityError('project_forbidden')), demandVectorize: () => Promise.reject(new SimilarityError('project_forbidden')), forget: () => undefined,
  }
  return new Granted(name, caller)
}

/** For access-check.ts and for tests: wraps a name that the given caller's projects contain. */
export const grantOf = (name: ProjectName, caller: Caller): GrantedProject => new Granted(name, caller)
