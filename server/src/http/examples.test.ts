import { describe, expect, it } from 'vitest'
import { ERRORS } from '@datashare-similarity/shared'
import { ProblemSchema } from '@datashare-similarity/shared/contract'
import { endpoints, type Endpoint, type EndpointName } from './endpoints.ts'
import { examples } from './examples.ts'
import { openApiDocument } from './openapi.ts'

interface Content { readonly example?: unknown, readonly examples?: Readonly<Record<string, { readonly value: unknown }>> }
interface Operation { readonly requestBody?: { readonly content: Readonly<Record<string, Content>> }, readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Content>> }>> }

const { paths } = openApiDocument('0.1.0') as { paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> }

describe.each(Object.keys(endpoints) as EndpointName[])('the OpenAPI document shows of %s', (name) => {
  const endpoint: Endpoint = endpoints[name]
  const { body, answer } = examples[name] as { body?: unknown, answer?: unknown }
  const operation = paths[endpoint.path]![endpoint.method]!

  it('what to send and what comes back, as the schemas say', () => {
    if (endpoint.body !== undefined) expect(endpoint.body.safeParse(body).error?.issues).toBeUndefined()
    // Parsed and back: an example with a field that the schema does not know would be shortened.
    if (endpoint.answer !== undefined) expect(endpoint.answer.parse(answer)).toEqual(answer)
    expect(operation.requestBody?.content['application/json']?.example).toEqual(body)
    expect(operation.responses[String(endpoint.status)]?.content?.['application/json']?.example).toEqual(answer)
  })

  it('each of its errors', () => {
    const problems = Object.entries(operation.responses).flatMap(([status, { content }]) =>
      Object.entries(content?.['application/problem+json']?.examples ?? {}).map(([code, { value }]) => ({ status: Number(status), code, problem: ProblemSchema.parse(value) })))

    expect(problems.length).toBeGreaterThan(0)
    expect(problems.map(({ code }) => code)).toEqual(expect.arrayContaining([...endpoint.errors]))
    for (const { status, code, problem } of problems) expect(problem).toMatchObject({ status, code, fix: ERRORS[problem.code].fix })
  })
})
