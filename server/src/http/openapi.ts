import { OpenAPIRegistry, OpenApiGeneratorV31 } from '@asteasolutions/zod-to-openapi'
import { API_VERSION, API_VERSION_HEADER, CSRF_HEADER, ERRORS, SimilarityError, type ErrorCode, type Problem } from '@datashare-similarity/shared'
import { ProblemSchema } from '@datashare-similarity/shared/contract'
import { z } from 'zod'
import { endpoints, type Endpoint, type EndpointName } from './endpoints.ts'
import { examples } from './examples.ts'
import { toProblem } from './problem.ts'

const COMMON: readonly ErrorCode[] = ['not_http', 'host_refused', 'cross_site_refused', 'request_timeout', 'headers_too_large', 'internal']
const SIGNED_IN: readonly ErrorCode[] = ['anonymous', 'datashare_unreachable']
const OF_PROJECT: readonly ErrorCode[] = ['invalid_project_name', 'project_forbidden']
const CHANGING: readonly ErrorCode[] = ['origin_refused', 'csrf_token_wrong', 'unsupported_media_type', 'malformed_request', 'payload_too_large']

/** The OpenAPI 3.1 document, made from the table of endpoints and the shared schemas. */
export function openApiDocument(version: string): object {
  const registry = new OpenAPIRegistry()
  registry.registerComponent('securitySchemes', 'datashareCookie', { type: 'apiKey', in: 'cookie', name: '_ds_session_id', description: `Datashare's session; what changes or searches also needs the header ${CSRF_HEADER} equal to the cookie _ds_csrf_token.` })
  registry.registerComponent('securitySchemes', 'csrf', { type: 'apiKey', in: 'header', name: CSRF_HEADER })
  registry.registerComponent('securitySchemes', 'apiKey', { type: 'http', scheme: 'bearer', description: 'An API key made in Datashare.' })
  for (const name of Object.keys(endpoints) as EndpointName[]) register(registry, name, endpoints[name])
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: { title: 'Datashare Similarity', version, description: `API version ${API_VERSION}: within it, changes only add.`, license: { name: 'MIT', identifier: 'MIT' } },
  })
}

function register(registry: OpenAPIRegistry, operationId: EndpointName, endpoint: Endpoint): void {
  const example: { body?: unknown, answer?: unknown } = examples[operationId]
  registry.registerPath({
    method: endpoint.method,
    path: endpoint.path,
    operationId,
    summary: endpoint.summary,
    ...securityOf(endpoint),
    request: {
      ...(endpoint.params === undefined ? {} : { params: z.object(endpoint.params) }),
      ...(endpoint.query === undefined ? {} : { query: endpoint.query }),
      ...(endpoint.body === undefined ? {} : { body: { required: true, content: { 'application/json': { schema: endpoint.body, example: example.body } } } }),
    },
    responses: { ...successOf(endpoint, example.answer), ...failuresOf(endpoint) },
  })
}

function securityOf({ access, method }: Endpoint): object {
  if (access === 'open') return {}
  return { security: [method === 'get' ? { datashareCookie: [] } : { datashareCookie: [], csrf: [] }, { apiKey: [] }] }
}

const headers = { [API_VERSION_HEADER]: { description: 'The version of the API, as in info.', schema: { type: 'integer' as const, const: API_VERSION } } }

function successOf({ status, answer, summary }: Endpoint, example: unknown): Record<string, { description: string, headers: typeof headers }> {
  return { [status]: { description: summary, headers, ...(answer === undefined ? {} : { content: { 'application/json': { schema: answer, example } } }) } }
}

function failuresOf(endpoint: Endpoint): Record<string, { description: string, headers: typeof headers }> {
  const codes = [
    ...COMMON,
    ...(endpoint.access === 'open' ? [] : SIGNED_IN),
    ...(endpoint.access === 'project' ? OF_PROJECT : []),
    ...(endpoint.method === 'get' ? [] : CHANGING),
    ...(endpoint.body === undefined && endpoint.query === undefined && endpoint.params === undefined ? [] : ['invalid_request' as const]),
    ...endpoint.errors,
  ]
  const byStatus = Map.groupBy(new Set(codes), code => ERRORS[code].status)
  return Object.fromEntries([...byStatus].map(([status, of]) => [String(status), {
    description: of.map(code => `${code}: ${ERRORS[code].title}`).join('; '),
    headers,
    content: { 'application/problem+json': { schema: ProblemSchema, examples: Object.fromEntries(of.map(code => [code, { value: problemExample(code) }])) } },
  }]))
}

const problemExample = (code: ErrorCode): Problem => toProblem(new SimilarityError(code), '5e0f7a52-0f4e-4a54-8c53-6f0b9d1c2e3a')
