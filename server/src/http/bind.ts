import type { Express, Request, Response } from 'express'
import { SimilarityError } from '@datashare-similarity/shared'
import { z } from 'zod'
import { projectName, type AccessCheck, type Caller, type GrantedProject } from '../datashare/access.ts'
import { endpoints, type Endpoint, type EndpointName } from './endpoints.ts'
import { credentialsOf } from './guard.ts'
import type { Answer, Handlers } from './handlers.ts'

/** What a handler gets: everything validated, and the proofs of access that its endpoint demands. */
export interface Call {
  readonly caller?: Caller
  readonly project?: GrantedProject
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
  /** Aborted when the caller goes away, or the companion stops. */
  readonly signal: AbortSignal
}

/** Registers every endpoint of the table; a method that a path does not have answers 405. */
export function bind(app: Express, handlers: Handlers, access: AccessCheck, closing: AbortSignal): void {
  for (const name of Object.keys(endpoints) as EndpointName[]) {
    const endpoint: Endpoint = endpoints[name]
    const handle = handlers[name] as (call: Call) => Promise<Answer>
    app[endpoint.method](expressPath(endpoint), async (request, response) => {
      response.locals['endpoint'] = name
      const call = await callOf(endpoint, request, response, access, closing)
      send(endpoint, response, await handle(call))
    })
  }
  for (const path of new Set(Object.values(endpoints).map(expressPath))) {
    app.all(path, () => {
      throw new SimilarityError('method_not_allowed')
    })
  }
}

/** Name of the endpoint that a request has come to, null where it has come to none: never its path, which names projects and documents. */
export const endpointOf = (response: Response): EndpointName | null => (response.locals['endpoint'] as EndpointName | undefined) ?? null

const expressPath = ({ path }: Endpoint): string => path.replaceAll(/\{(\w+)\}/g, ':$1')

/** Access comes before the body is looked at: who may not read a project learns nothing, not even what is wrong with the request. */
async function callOf(endpoint: Endpoint, request: Request, response: Response, access: AccessCheck, closing: AbortSignal): Promise<Call> {
  const gone = new AbortController()
  response.on('close', () => {
    if (!response.writableFinished) gone.abort(new SimilarityError('deadline_exceeded'))
  })
  const signal = AbortSignal.any([gone.signal, closing])
  const proofs = await proofsOf(endpoint, request, access, signal)
  return {
    ...proofs,
    params: z.object(endpoint.params ?? {}).parse(request.params),
    query: (endpoint.query ?? z.object({})).parse(request.query),
    body: endpoint.body?.parse(request.body ?? {}),
    signal,
  }
}

async function proofsOf(endpoint: Endpoint, request: Request, access: AccessCheck, signal: AbortSignal): Promise<{ caller?: Caller, project?: GrantedProject }> {
  if (endpoint.access === 'open') return {}
  const name = endpoint.access === 'project' ? projectName(String(request.params['project'])) : undefined
  const wanted = name ?? request.query['project']
  const caller = await access.identify(credentialsOf(request), signal, typeof wanted === 'string' ? wanted : undefined)
  return name === undefined ? { caller } : { caller, project: caller.grant(name) }
}

function send(endpoint: Endpoint, response: Response, { body, status, location }: Answer): void {
  if (location !== undefined) response.location(location)
  response.status(status ?? endpoint.status)
  if (body === undefined) response.end()
  else response.json(body)
}
