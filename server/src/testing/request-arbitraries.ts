import fc from 'fast-check'
import { z } from 'zod'

/** As much of JSON Schema as our own OpenAPI document uses. */
const JsonSchema = z.object({
  $ref: z.string().optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.json()).optional(),
  const: z.json().optional(),
  pattern: z.string().optional(),
  format: z.string().optional(),
  minLength: z.number().optional(),
  maxLength: z.number().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  minItems: z.number().optional(),
  maxItems: z.number().optional(),
  required: z.array(z.string()).optional(),
  get items() { return JsonSchema.optional() },
  get properties() { return z.record(z.string(), JsonSchema).optional() },
  get anyOf() { return z.array(JsonSchema).optional() },
  get oneOf() { return z.array(JsonSchema).optional() },
  get allOf() { return z.array(JsonSchema).optional() },
})
type JsonSchema = z.infer<typeof JsonSchema>

const Operation = z.object({
  operationId: z.string(),
  parameters: z.array(z.object({ name: z.string(), in: z.enum(['path', 'query']), required: z.boolean().optional(), schema: JsonSchema })).default([]),
  requestBody: z.object({ content: z.object({ 'application/json': z.object({ schema: JsonSchema }) }) }).optional(),
  responses: z.record(z.string(), z.unknown()),
})
type Operation = z.infer<typeof Operation>

const OpenApi = z.object({
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.object({ schemas: z.record(z.string(), JsonSchema) }),
})
type OpenApi = z.infer<typeof OpenApi>

export interface FuzzedRequest {
  readonly operationId: string
  /** Statuses that the document names for it. */
  readonly documented: readonly string[]
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** What a fuzz run knows of the companion it meets, so that requests get past the first check. */
export interface Known {
  /** Values by the name of a parameter or field. */
  readonly values: Readonly<Record<string, readonly string[]>>
  /** Sets of headers: of several callers, of browsers, of nobody. */
  readonly headers: readonly Readonly<Record<string, string>>[]
}

const HOSTILE = [
  '', ' ', '\0', '\'', '"', '\\', '%', '../../etc/passwd', '..', '{{7*7}}', '${jndi:ldap://x}', '<img src=x onerror=alert(1)>', '\' OR \'1\'=\'1', '"; DROP TABLE tasks; --',
  '\ud800', '\u202e\u0000', '__proto__', 'constructor', 'null', 'NaN', '-1', '1e309', '9007199254740993', '😀'.repeat(50), 'a'.repeat(20_000), '*', 'AND (', '"unclosed', 'true',
]
const hostileText = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', maxLength: 40 }))
const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  fc.constantFrom(null, true, [], {}, -1, 0.5, 1e308, [[[[]]]], { $gt: '' }, { toString: 'x' }),
  fc.jsonValue({ maxDepth: 3 }),
)

/** Requests to every operation of the document: valid, nearly valid and hostile ones. */
export function requestsOf(document: unknown, known: Known): fc.Arbitrary<FuzzedRequest> {
  const openApi = OpenApi.parse(document)
  const operations = Object.entries(openApi.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })))
  return fc.oneof(...operations.map(({ path, method, operation }) => requestTo(openApi, known, path, method, operation)))
}

function requestTo(openApi: OpenApi, known: Known, path: string, method: string, operation: Operation): fc.Arbitrary<FuzzedRequest> {
  const valueOf = ({ name, schema }: { name: string, schema: JsonSchema }): fc.Arbitrary<string> => fc.oneof(
    { weight: 6, arbitrary: named(known, name, fromSchema(openApi, known, schema, name).map(String)) },
    { weight: 1, arbitrary: hostileText },
  )
  const values = (where: 'path' | 'query') => fc.record(
    Object.fromEntries(operation.parameters.filter(parameter => parameter.in === where).map(parameter => [parameter.name, valueOf(parameter)])),
    { requiredKeys: where === 'path' ? operation.parameters.map(({ name }) => name).filter(name => path.includes(`{${name}}`)) : [] },
  )
  const schema = operation.requestBody?.content['application/json'].schema
  return fc.record({
    path: values('path'),
    query: values('query'),
    headers: fc.constantFrom(...known.headers),
    body: schema === undefined ? fc.constant(undefined) : bodyOf(fromSchema(openApi, known, schema, 'body')),
  }).map(({ path: pathValues, query, headers, body }) => {
    // An empty part would be another path.
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encode(pathValues[name] ?? '') || '%20')
    const search = Object.entries(query).map(([name, value]) => `${name}=${encode(value)}`).join('&')
    return {
      operationId: operation.operationId,
      documented: Object.keys(operation.responses),
      method: method.toUpperCase(),
      path: `${filled}${search === '' ? '' : `?${search}`}`,
      headers: body === undefined ? headers : { 'Content-Type': 'application/json', ...headers },
      ...body !== undefined && { body },
    }
  })
}

const encode = (value: string): string => encodeURIComponent(value.toWellFormed())

/** Mostly JSON of the right shape, often with one thing wrong, sometimes no JSON at all. */
const bodyOf = (valid: fc.Arbitrary<unknown>): fc.Arbitrary<string> => fc.oneof(
  { weight: 5, arbitrary: valid.map(value => JSON.stringify(value)) },
  { weight: 4, arbitrary: fc.tuple(valid, fc.nat(), hostileValue, fc.constantFrom('replace', 'remove', 'add')).map(([value, at, wrong, how]) => JSON.stringify(spoiled(value, at, wrong, how))) },
  { weight: 1, arbitrary: hostileValue.map(value => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.oneof(hostileText.map(text => text.toWellFormed()), fc.constantFrom('{', '{"queries":', '[1,2', '\ufeff{}', '{"queries":["a"],"queries":[]}', `${'['.repeat(5_000)}${']'.repeat(5_000)}`)) },
)

/** The value with one of its fields, somewhere, made wrong. */
function spoiled(value: unknown, at: number, wrong: unknown, how: string): unknown {
  if (typeof value !== 'object' || value === null) return wrong
  const entries = Object.entries(value)
  const index = entries.length === 0 ? 0 : at % entries.length
  const name = entries[index]?.[0] ?? ''
  const inner: unknown = entries[index]?.[1]
  const isDeeper = at % 3 === 0 && typeof inner === 'object' && inner !== null
  const changed = entries.flatMap(([key, old]): [string, unknown][] => {
    if (key !== name) return [[key, old]]
    if (isDeeper) return [[key, spoiled(old, Math.floor(at / 3), wrong, how)]]
    return how === 'remove' ? [] : [[key, how === 'replace' ? wrong : old]]
  })
  if (how === 'add' && !isDeeper) changed.push([typeof wrong === 'string' ? wrong : 'extra', wrong])
  return Array.isArray(value) ? changed.map(([, entry]) => entry) : Object.fromEntries(changed)
}

const named = (known: Known, name: string, otherwise: fc.Arbitrary<string>): fc.Arbitrary<string> => {
  const values = known.values[name]
  return values === undefined ? otherwise : fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: otherwise })
}

function fromSchema(openApi: OpenApi, known: Known, schema: JsonSchema, name: string): fc.Arbitrary<unknown> {
  const inner = (next: JsonSchema, as = name): fc.Arbitrary<unknown> => fromSchema(openApi, known, next, as)
  if (schema.$ref !== undefined) {
    const target = openApi.components.schemas[schema.$ref.split('/').at(-1) ?? '']
    if (target === undefined) throw new Error(`the document does not hold ${schema.$ref}`)
    return inner(target)
  }
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf
  if (choices !== undefined) return fc.oneof(...choices.map(choice => inner(choice)))
  const types = typeof schema.type === 'string' ? [schema.type] : schema.type ?? []
  const arbitraries = types.map(type => ofType(type, schema, inner, known, name))
  return arbitraries.length === 0 ? fc.jsonValue({ maxDepth: 2 }) : fc.oneof(...arbitraries)
}

function ofType(type: string, schema: JsonSchema, inner: (schema: JsonSchema, as?: string) => fc.Arbitrary<unknown>, known: Known, name: string): fc.Arbitrary<unknown> {
  switch (type) {
    case 'null': return fc.constant(null)
    case 'boolean': return fc.boolean()
    case 'integer': return fc.integer({ min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? 1_000, 1_000_000) })
    case 'number': return fc.double({ min: schema.minimum ?? 0, max: schema.maximum ?? 1_000, noNaN: true })
    case 'string': return named(known, name, textOf(schema))
    case 'array': return fc.array(schema.items === undefined ? fc.jsonValue() : inner(schema.items), { minLength: schema.minItems ?? 0, maxLength: Math.min(schema.maxItems ?? 3, 3) })
    default: return fc.record(
      Object.fromEntries(Object.entries(schema.properties ?? {}).map(([key, property]) => [key, inner(property, key)])),
      { requiredKeys: schema.required ?? [] },
    )
  }
}

function textOf({ pattern, format, minLength = 0, maxLength = 200 }: JsonSchema): fc.Arbitrary<string> {
  if (format === 'date' || format === 'date-time') {
    return fc.date({ noInvalidDate: true, min: new Date('1900-01-01'), max: new Date('2100-01-01') }).map(date => format === 'date' ? date.toISOString().slice(0, 10) : date.toISOString())
  }
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern)).map(text => text.slice(0, 300))
  return fc.string({ unit: 'grapheme', minLength, maxLength: Math.min(maxLength, 200) })
}
