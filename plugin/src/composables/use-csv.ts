import { useReadingMarksStore } from '../stores/reading-marks.ts'
import type { SimilarSearch } from '../stores/similar-search.ts'
import { csvOf } from '../text/csv.ts'
import { useDocumentPlace } from './use-document-place.ts'
import { useText } from './use-text.ts'

/** Hands the results that have been shown so far to the reader as a file. */
export function useCsv(): (search: SimilarSearch) => void {
  const { t } = useText()
  const { alone } = useDocumentPlace()
  const reading = useReadingMarksStore()

  function rowsOf({ list }: SimilarSearch): string[][] {
    const project = list.asked?.project ?? ''
    return list.groups.flatMap(({ query, documents }) => documents.map(({ documentId, rootId, title, path, strength, passages }, index) => [
      String(index + 1), title, path, t(`strength.${strength}`), passages[0]?.text ?? '', alone({ project, documentId, rootId, passage: passages[0] }),
      t(reading.isSeen(project, documentId) ? 'csv.yes' : 'csv.no'), 'text' in query ? query.text : t('results.examples'),
    ]))
  }

  return (search) => {
    const names = ['rank', 'title', 'path', 'strength', 'passage', 'link', 'seen', 'question'] as const
    const file = new Blob([csvOf([names.map(name => t(`csv.${name}`)), ...rowsOf(search)])], { type: 'text/csv;charset=utf-8' })
    const link = document.createElement('a')
    link.href = URL.createObjectURL(file)
    link.download = `similar-${search.list.asked?.project ?? ''}.csv`
    link.click()
    URL.revokeObjectURL(link.href)
  }
}
