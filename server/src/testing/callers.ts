import { SimilarityError } from '@datashare-similarity/shared'
import { grantOf, projectName, type Caller, type GrantedProject } from '../datashare/access.ts'

/** Somebody who may read, vectorize and wipe the named projects. */
export function aCaller(uid: string, ...names: string[]): Caller {
  const projects = names.map(projectName)
  const mayRead = (name: string): GrantedProject | null => {
    const found = projects.find(project => project === name)
    return found === undefined ? null : grantOf(found, caller)
  }
  const caller: Caller = {
    uid,
    credentials: { cookie: undefined, authorization: undefined },
    projects,
    mayRead,
    grant(name) {
      const granted = mayRead(name)
      if (granted === null) throw new SimilarityError('project_forbidden')
      return granted
    },
    permissions: () => Promise.resolve({ vectorize: true, wipe: true, admin: true }),
    demandVectorize: () => Promise.resolve(),
    forget: () => undefined,
  }
  return caller
}
