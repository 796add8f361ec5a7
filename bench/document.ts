import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** Puts figures where a document in docs/ has room for those of this command, between two comments. */
export async function intoDocument(name: string, command: string, figures: string): Promise<void> {
  const path = fileURLToPath(new URL(`../docs/${name}`, import.meta.url))
  const [begin, end] = [`<!-- figures: begin, made by ${command} -->`, '<!-- figures: end -->']
  const [before, rest] = (await readFile(path, 'utf8')).split(begin)
  if (before === undefined || rest === undefined) throw new Error(`docs/${name} has no room for the figures of ${command}`)
  await writeFile(path, `${before}${begin}\n\n${figures}\n\n${end}${rest.split(end).slice(1).join(end)}`)
}
