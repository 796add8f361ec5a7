import { json, Router, type Request, type RequestHandler, type Response } from 'express'
import { z } from 'zod'
import type { StandInDocuments } from './stand-in-documents.ts'

const IdsSchema = z.array(z.string().min(1))
const TagsSchema = z.object({ docIds: IdsSchema, tags: z.array(z.string().regex(/^\S+$/)) })

interface Marking {
  readonly documents: StandInDocuments
  /** Null where the sender may not read the project; it has been answered then. */
  readonly granted: (request: Request, response: Response) => Promise<{ project: string, user: string } | null>
}

/** Stars, kept in memory for each user, and tags, which are the documents' own, with Datashare's addresses. */
export function markRoutes({ documents, granted }: Marking): Router {
  const stars = new Map<string, Set<string>>()
  const starsOf = (project: string, user: string): Set<string> => {
    const key = `${user} ${project}`
    const known = stars.get(key) ?? new Set()
    stars.set(key, known)
    return known
  }

  async function retag(project: string, { docIds, tags }: z.infer<typeof TagsSchema>, isAdded: boolean): Promise<void> {
    const labels = tags.map(tag => tag.toLowerCase())
    for (const id of docIds) {
      const present = tagsOf(await documents.document(project, id))
      await documents.setTags(project, id, isAdded ? [...new Set([...present, ...labels])] : present.filter(tag => !labels.includes(tag)))
    }
  }

  const update: RequestHandler<{ verb: string }> = async (request, response) => {
    const place = await granted(request as Request, response)
    if (place === null) return
    const { verb } = request.params
    const starred = starsOf(place.project, place.user)
    if (verb === 'tag' || verb === 'untag') await retag(place.project, TagsSchema.parse(request.body), verb === 'tag')
    else if (verb === 'star') for (const id of IdsSchema.parse(request.body)) starred.add(id)
    else if (verb === 'unstar') for (const id of IdsSchema.parse(request.body)) starred.delete(id)
    else return void response.status(404).json({ error: 'Not found' })
    response.end()
  }

  return Router()
    .get('/api/:project/documents/starred', async (request, response) => {
      const place = await granted(request, response)
      if (place !== null) response.json([...starsOf(place.project, place.user)])
    })
    .get('/api/:project/documents/tags/:id', async (request, response) => {
      const place = await granted(request, response)
      if (place === null) return
      const tags = tagsOf(await documents.document(place.project, request.params.id))
      response.json(tags.map(label => ({ label, user: { id: place.user }, creationDate: null })))
    })
    .post('/api/:project/documents/batchUpdate/:verb', json(), update)
}

function tagsOf(hit: Awaited<ReturnType<StandInDocuments['document']>>): string[] {
  return z.object({ tags: z.array(z.string()) }).safeParse(hit?._source).data?.tags ?? []
}
