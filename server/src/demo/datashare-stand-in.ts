import { json, Router, type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express'
import { z } from 'zod'
import { LIMITS } from '@datashare-similarity/shared'
import type { FolderDocuments } from '../datashare/folder.ts'
import { folderBehindStandIn, type StandInDocuments, type StandInProject } from './stand-in-documents.ts'
import { elasticsearchBehindStandIn } from './stand-in-elasticsearch.ts'
import { markRoutes } from './stand-in-marks.ts'
import { createSignIn, type SignIn, type SignInOptions, type StandInUser } from './stand-in-sign-in.ts'

export interface StandInOptions extends Omit<SignInOptions, 'users'> {
  /** Who may sign in, in SERVER mode. */
  readonly users?: readonly StandInUser[]
  readonly documents: FolderDocuments | { readonly elasticsearchUrl: string }
  /** More keys of GET /settings, read at each request. */
  readonly settings?: Readonly<Record<string, unknown>>
  readonly version?: string
}

const INDICES = /^[-a-zA-Z0-9_]+(,[-a-zA-Z0-9_]+)*$/
const FORBIDDEN = { error: 'net.codestory.http.errors.ForbiddenException: Forbidden' }
const UNAUTHORIZED = { error: 'net.codestory.http.errors.UnauthorizedException' }
const NOT_FOUND = { error: 'net.codestory.http.errors.NotFoundException: Not found' }
const FAILED = { error: 'java.lang.IllegalStateException: Unable to apply route' }

const offset = z.coerce.number().int()
const SliceSchema = z.object({ offset, limit: offset, targetLanguage: z.string().default('') })
const ListSchema = z.object({
  project: z.string().min(1),
  q: z.string().default(''),
  from: z.coerce.number().int().min(0).default(0),
  size: z.coerce.number().int().min(0).max(LIMITS.window).default(25),
})

interface Behind {
  readonly signIn: SignIn
  readonly documents: StandInDocuments
  /** The projects that the sender of the request may read. */
  projectsOf(request: Request): Promise<StandInProject[]>
}

const isGranted = async (behind: Behind, request: Request, names: readonly string[]): Promise<boolean> => {
  const granted = (await behind.projectsOf(request)).map(({ name }) => name)
  return names.every(name => granted.includes(name))
}

const projectJson = ({ name, label, description }: StandInProject) => ({
  name, label, description, sourcePath: `file:///vault/${name}/`,
  publisherName: null, maintainerName: null, logoUrl: null, sourceUrl: null, creationDate: null, updateDate: null,
})

function policyJson(uid: string, role: string, on: string) {
  return { ptype: 'g', v0: uid, v1: role, v2: on, v3: '', v4: '', v5: '' }
}

function policiesOf({ uid, projects, roles }: StandInUser) {
  const held = roles ?? projects.map(project => ({ role: 'PROJECT_MEMBER', on: `default::${project}` }))
  return held.map(({ role, on }) => policyJson(uid, role, on))
}

/** What anybody may ask. */
function publicRoutes({ mode, auth = 'form', settings, version = '21.18.0' }: StandInOptions): Router {
  return Router()
    .get('/settings', (_request, response) => void response.json({
      mode, ...mode === 'SERVER' && { auth }, pathSeparator: '/', maxContentLength: '20000000', batchQueueType: 'MEMORY', taskRoutingStrategy: 'UNIQUE', ...settings,
    }))
    .get('/version', (_request, response) => void response.json({ 'git.build.version': version }))
}

function userRoutes(behind: Behind): Router {
  const { signIn } = behind
  return Router()
    .get('/api/users/me', async (request, response) => {
      const projects = await behind.projectsOf(request)
      const uid = signIn.userOf(request)?.uid
      response.json({ uid, name: uid, email: null, projects: projects.map(projectJson), groups_by_applications: { datashare: projects.map(({ name }) => name) } })
    })
    .get('/api/users/me/permissions', (request, response) => {
      const user = signIn.userOf(request)
      response.json(user === undefined ? [] : policiesOf(user))
    })
}

function searchRoutes(behind: Behind): Router {
  const search: RequestHandler<{ indices: string }> = async (request, response) => {
    const { indices } = request.params
    if (!INDICES.test(indices)) return void response.status(400).json({ error: 'Bad format for indices' })
    if (!await isGranted(behind, request as Request, indices.split(','))) return void response.status(401).json(UNAUTHORIZED)
    const answer = await behind.documents.search(indices, request.body)
    if (answer === null) return void response.status(400).json({ error: 'The stand-in takes the queries of the companion only' })
    response.json(answer)
  }
  return Router()
    .post('/api/index/search/:indices/_search', json({ limit: LIMITS.bodyBytes }), search)
    .post('/api/index/search/*path', (_request, response) => void response.status(401).json(UNAUTHORIZED))
}

function slice(content: string, request: Request, response: Response): void {
  const asked = SliceSchema.safeParse(request.query).data
  if (asked === undefined) return void response.status(500).json(FAILED)
  const { offset: start, limit, targetLanguage } = asked
  const end = start + limit
  if (start < 0 || limit < 0 || end > content.length) return void response.status(400).json({ error: `Range [${start}-${end}] is out of document range ([0-${content.length}])` })
  response.json({ content: content.slice(start, end), maxOffset: content.length, offset: start, limit, targetLanguage })
}

function documentRoutes(behind: Behind): Router {
  const { documents } = behind
  const answer = (write: (source: Readonly<Record<string, unknown>>, request: Request, response: Response) => void): RequestHandler<{ project: string, id: string }> =>
    async (request, response) => {
      const { project, id } = request.params
      if (!await isGranted(behind, request as Request, [project])) return void response.status(403).json(FORBIDDEN)
      const hit = await documents.document(project, id)
      if (hit?._source === undefined) return void response.status(404).json(NOT_FOUND)
      write({ ...hit._source, projectId: project }, request as Request, response)
    }
  return Router()
    .get('/api/:project/documents/content/:id', answer(({ content }, request, response) => slice(typeof content === 'string' ? content : '', request, response)))
    .get('/api/:project/documents/:id', answer((source, _request, response) => void response.json(source)))
    .get('/demo/documents', async (request, response) => {
      const query = ListSchema.safeParse(request.query).data
      const projects = query?.project.split(',') ?? []
      if (query === undefined) return void response.status(400).json({ error: 'project, q, from, size' })
      if (!await isGranted(behind, request, projects)) return void response.status(403).json(FORBIDDEN)
      const { items, total } = await documents.list({ projects, words: query.q, from: query.from, size: query.size })
      response.json({ items, pagination: { count: items.length, from: query.from, size: query.size, total } })
    })
}

/** As Datashare: what went wrong is lost. */
const failed: ErrorRequestHandler = (error, _request, response, next) => {
  if (response.headersSent) next(error)
  else response.status(500).json(FAILED)
}

/**
 * As much of Datashare's own API as the companion and the demo's page use, with Datashare's statuses, over a folder or a real Elasticsearch.
 * Beside it one route of our own, `GET /demo/documents?project=a,b&q=&from=&size=`: a listing for the page.
 */
export function createDatashareStandIn(options: StandInOptions): Router {
  const documents = 'elasticsearchUrl' in options.documents ? elasticsearchBehindStandIn(options.documents.elasticsearchUrl) : folderBehindStandIn(options.documents)
  const signIn = createSignIn({ ...options, users: options.users ?? [] })
  const behind: Behind = {
    signIn,
    documents,
    async projectsOf(request) {
      const all = await documents.projects()
      if (options.mode !== 'SERVER') return all
      const names = signIn.userOf(request)?.projects ?? []
      return names.map(name => all.find(project => project.name === name) ?? { name, label: name, description: null })
    },
  }
  return Router()
    .use(publicRoutes(options), signIn.routes)
    .use(['/api', '/demo'], signIn.guard)
    .use(userRoutes(behind), searchRoutes(behind))
    .use(markRoutes({
      documents,
      async granted(request, response) {
        const project = String(request.params['project'])
        if (await isGranted(behind, request, [project])) return { project, user: signIn.userOf(request)?.uid ?? '' }
        response.status(403).json(FORBIDDEN)
        return null
      },
    }))
    .use(documentRoutes(behind))
    .use('/api', failed)
    .use('/demo', failed)
}
