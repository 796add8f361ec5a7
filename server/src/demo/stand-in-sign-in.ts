import { randomBytes } from 'node:crypto'
import { json, Router, type Request, type RequestHandler, type Response } from 'express'
import { z } from 'zod'
import { CSRF_COOKIE, CSRF_HEADER } from '@datashare-similarity/shared'

const SESSION_COOKIE = '_ds_session_id'
const TWELVE_HOURS = 43_200
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS']

export type StandInRole = 'INSTANCE_ADMIN' | 'DOMAIN_ADMIN' | 'PROJECT_ADMIN' | 'PROJECT_EDITOR' | 'PROJECT_MEMBER' | 'PROJECT_VISITOR'

/** Read at each request: what is changed here holds at once. */
export interface StandInUser {
  readonly uid: string
  readonly password?: string
  /** Taken as `Authorization: Bearer …`. */
  readonly apiKey?: string
  projects: readonly string[]
  /** `on` is "*::*", "default::*" or "default::<project>". Without roles he is a member of each of his projects. */
  roles?: readonly { readonly role: StandInRole, readonly on: string }[]
}

export interface SignIn {
  /** POST /auth/login and GET /auth/signout. */
  readonly routes: Router
  /** Lets signed-in users pass, with Datashare's answers to all others and its CSRF rule. */
  readonly guard: RequestHandler
  userOf(request: Request): StandInUser | undefined
}

const LoginSchema = z.object({ username: z.string(), password: z.string() })
const SessionSchema = z.object({ sessionId: z.string() })

const token = (): string => randomBytes(16).toString('hex')

function cookieOf(request: Request, name: string): string | undefined {
  const parts = request.headers.cookie?.split(';').map(part => part.trim()) ?? []
  return parts.find(part => part.startsWith(`${name}=`))?.slice(name.length + 1)
}

/** Datashare writes raw JSON into the cookie, quotes and commas included. */
function setSession(response: Response, login: string, sessionId: string): void {
  const session = JSON.stringify({ login, roles: [], sessionId, redirectAfterLogin: '/' })
  const expires = new Date(Date.now() + TWELVE_HOURS * 1_000).toUTCString()
  response.append('Set-Cookie', `${SESSION_COOKIE}=${session}; version=1; path=/; expires=${expires}; max-age=${TWELVE_HOURS}`)
}

/** Only the session's id counts; the login in the cookie is the client's to write. */
function sessionIdOf(cookie: string): string | undefined {
  try {
    return SessionSchema.safeParse(JSON.parse(cookie)).data?.sessionId
  } catch {
    return undefined
  }
}

/** In LOCAL mode everybody is this user; his projects are all there are. */
const LOCAL_USER: StandInUser = { uid: 'local', projects: [] }

export function createSignIn(mode: 'LOCAL' | 'SERVER', users: readonly StandInUser[]): SignIn {
  const sessions = new Map<string, StandInUser>()
  const routes = Router()

  routes.post('/auth/login', json(), (request, response) => {
    const login = LoginSchema.safeParse(request.body).data
    const user = users.find(({ uid, password }) => password !== undefined && uid === login?.username && password === login.password)
    if (user === undefined) return void response.status(401).json({ error: '' })
    const sessionId = token()
    sessions.set(sessionId, user)
    setSession(response, user.uid, sessionId)
    response.json({})
  })
  routes.get('/auth/signout', (request, response) => {
    sessions.delete(sessionIdOf(cookieOf(request, SESSION_COOKIE) ?? '') ?? '')
    response.redirect(303, '/?signout')
  })

  /** The session cookie wins: an API key is looked at only where there is no cookie at all. */
  function userOf(request: Request): StandInUser | undefined {
    if (mode === 'LOCAL') return LOCAL_USER
    const cookie = cookieOf(request, SESSION_COOKIE)
    if (cookie !== undefined) return sessions.get(sessionIdOf(cookie) ?? '')
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
    return bearer === undefined ? undefined : users.find(({ apiKey }) => apiKey === bearer)
  }

  const guard: RequestHandler = (request, response, next) => {
    if (userOf(request) === undefined) return void response.status(401).json({ error: '' })
    if (mode === 'LOCAL' && cookieOf(request, SESSION_COOKIE) === undefined) setSession(response, LOCAL_USER.uid, token())
    const pass = cookieOf(request, CSRF_COOKIE)
    if (SAFE_METHODS.includes(request.method)) {
      if (pass === undefined) response.append('Set-Cookie', `${CSRF_COOKIE}=${token()}; version=1; path=/`)
      next(); return
    }
    if (pass === undefined || pass !== request.get(CSRF_HEADER)) return void response.status(403).json({ error: 'CSRF token wrong or missing' })
    next()
  }

  return { routes, guard, userOf }
}
