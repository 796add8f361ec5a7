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

export type StandInMode = 'LOCAL' | 'EMBEDDED' | 'SERVER'
/** How people sign in in SERVER mode. */
export type StandInAuth = 'form' | 'basic' | 'oauth'

export interface SignInOptions {
  readonly mode: StandInMode
  readonly users: readonly StandInUser[]
  /** Default: form. */
  readonly auth?: StandInAuth
  /** Of OAuth: where people are sent to sign in, and whom a code that they bring back stands for. */
  readonly provider?: { readonly url: string, readonly uidOf: (code: string) => string | undefined }
}

export interface SignIn {
  /** The form or the way to the provider and back; and GET /auth/signout. With basic authentication there is none. */
  readonly routes: Router
  /** Lets signed-in users pass, with Datashare's answers to all others and its CSRF rule. */
  readonly guard: RequestHandler
  userOf(request: Request): StandInUser | undefined
}

const LoginSchema = z.object({ username: z.string(), password: z.string() })
const CallbackSchema = z.object({ code: z.string(), state: z.string() })
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

/** In LOCAL and EMBEDDED mode everybody is this user; his projects are all there are. */
const LOCAL_USER: StandInUser = { uid: 'local', projects: [] }

/** Users of the sessions of the browsers that have signed in. */
interface Sessions {
  begin(user: StandInUser, response: Response): void
  userOf(cookie: string): StandInUser | undefined
  end(cookie: string): void
}

function createSessions(): Sessions {
  const users = new Map<string, StandInUser>()
  return {
    begin(user, response) {
      const sessionId = token()
      users.set(sessionId, user)
      setSession(response, user.uid, sessionId)
    },
    userOf: cookie => users.get(sessionIdOf(cookie) ?? ''),
    end: cookie => void users.delete(sessionIdOf(cookie) ?? ''),
  }
}

function formRoutes(users: readonly StandInUser[], sessions: Sessions): Router {
  return Router().post('/auth/login', json(), (request, response) => {
    const login = LoginSchema.safeParse(request.body).data
    const user = users.find(({ uid, password }) => password !== undefined && uid === login?.username && password === login.password)
    if (user === undefined) return void response.status(401).json({ error: '' })
    sessions.begin(user, response)
    response.json({})
  })
}

/** The code flow: to the provider, and back with a code to an address below the one that the browser knows. */
function oauthRoutes(users: readonly StandInUser[], sessions: Sessions, provider: NonNullable<SignInOptions['provider']>): Router {
  const states = new Set<string>()
  return Router()
    .get('/auth/signin', (request, response) => {
      const state = token()
      states.add(state)
      const query = new URLSearchParams({ response_type: 'code', state, redirect_uri: `http://${request.get('Host') ?? ''}/auth/callback` })
      response.redirect(303, `${provider.url}/authorize?${query.toString()}`)
    })
    .get('/auth/callback', (request, response) => {
      const back = CallbackSchema.safeParse(request.query).data
      const uid = back !== undefined && states.delete(back.state) ? provider.uidOf(back.code) : undefined
      const user = users.find(known => known.uid === uid)
      if (user === undefined) return void response.status(401).json({ error: '' })
      sessions.begin(user, response)
      response.redirect(303, '/')
    })
}

const signOutRoute = (sessions: Sessions): Router => Router().get('/auth/signout', (request, response) => {
  sessions.end(cookieOf(request, SESSION_COOKIE) ?? '')
  response.redirect(303, '/?signout')
})

function routesOf({ users, auth, provider }: SignInOptions, sessions: Sessions): Router {
  if (auth === 'basic') return Router()
  const signIn = auth === 'oauth' && provider !== undefined ? oauthRoutes(users, sessions, provider) : formRoutes(users, sessions)
  return Router().use(signIn, signOutRoute(sessions))
}

function userOfBasic(request: Request, users: readonly StandInUser[]): StandInUser | undefined {
  const encoded = /^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1]
  const [uid, password] = Buffer.from(encoded ?? '', 'base64').toString().split(/:(.*)/s)
  return users.find(user => user.password !== undefined && user.uid === uid && user.password === password)
}

/** The session cookie wins: an API key is looked at only where there is no cookie at all. */
function userOfSession(request: Request, users: readonly StandInUser[], sessions: Sessions): StandInUser | undefined {
  const cookie = cookieOf(request, SESSION_COOKIE)
  if (cookie !== undefined) return sessions.userOf(cookie)
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
  return bearer === undefined ? undefined : users.find(({ apiKey }) => apiKey === bearer)
}

export function createSignIn(options: SignInOptions): SignIn {
  const { mode, users, auth } = options
  const sessions = createSessions()

  function userOf(request: Request): StandInUser | undefined {
    if (mode !== 'SERVER') return LOCAL_USER
    return auth === 'basic' ? userOfBasic(request, users) : userOfSession(request, users, sessions)
  }

  /** Basic authentication has no session, and takes away what is left of one. */
  function passSession(request: Request, response: Response): void {
    const cookie = cookieOf(request, SESSION_COOKIE)
    if (mode !== 'SERVER' && cookie === undefined) setSession(response, LOCAL_USER.uid, token())
    if (auth === 'basic' && cookie !== undefined) response.append('Set-Cookie', `${SESSION_COOKIE}=; version=1; path=/; max-age=0`)
  }

  const guard: RequestHandler = (request, response, next) => {
    if (userOf(request) === undefined) return void response.status(401).json({ error: '' })
    passSession(request, response)
    const pass = cookieOf(request, CSRF_COOKIE)
    if (SAFE_METHODS.includes(request.method)) {
      if (pass === undefined) response.append('Set-Cookie', `${CSRF_COOKIE}=${token()}; version=1; path=/`)
      next(); return
    }
    if (pass === undefined || pass !== request.get(CSRF_HEADER)) return void response.status(403).json({ error: 'CSRF token wrong or missing' })
    next()
  }

  return { routes: routesOf(options, sessions), guard, userOf }
}
