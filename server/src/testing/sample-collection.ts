import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

const FOLDER = join(import.meta.dirname, '../../../e2e/collection')
const CollectionSchema = z.object({ projects: z.array(z.object({ name: z.string(), documents: z.array(z.object({ path: z.string() })) })) })

/** The texts of the sample collection by path, of both projects. */
export async function sampleTexts(): Promise<Map<string, string>> {
  const { projects } = CollectionSchema.parse(JSON.parse(await readFile(join(FOLDER, 'collection.json'), 'utf8')))
  const paths = projects.flatMap(({ name, documents }) => documents.map(({ path }) => ({ name, path })))
  return new Map(await Promise.all(paths.map(async ({ name, path }): Promise<[string, string]> =>
    [path, await readFile(join(FOLDER, name, `${path}.txt`), 'utf8')])))
}

/** Documents that the collection's README names as copies of each other. */
export const SAMPLE_COPIES = [
  ['memos/2013/shelf-renewal-2013.docx', 'memos/2014/shelf-renewal-2014.docx', 'inbox/2014/fwd-shelf-renewal.eml', 'archive/osgood-desk/shelf-renewal-copy.txt'],
  ['contrats/2014/consultance-delmorra-v1.docx', 'contrats/2014/consultance-delmorra-v2.docx'],
  ['facturas/2015/factura-SH-2015-318.pdf', 'facturas/2015/factura-SH-2015-344.pdf'],
  ['zapiski/2015/zayavlenie-inzhenera.docx', 'arkhiv/kopii/zayavlenie-inzhenera-kopiya.docx'],
]
