import type { SimilarRequest } from '@datashare-similarity/shared'
import { createEditableDocuments } from './editable-documents.ts'

/** What the data folders in server/test-data hold: never changed, as they were made of it. */
export const KEPT_PROJECT = 'harbour'
export const keptDocuments = () => createEditableDocuments({
  [KEPT_PROJECT]: {
    flag: 'The tanker changed its flag at sea, two days after the port authority had asked for its papers.',
    yacht: 'The yacht was sold to a company on the island, whose only director is the lawyer of the seller.',
    vicar: 'The vicar left his post as a trustee once he understood that the charity helped nobody.',
    account: 'Opening form. Reference CH93-0076-2011. Signed on behalf of the client.',
    office: 'Registered office: Ugland House, Grand Cayman KY1-1104. Annual return enclosed.',
    canteen: 'Canteen menu for the summer: soup, fish on Fridays, and fruit.',
    minutes: 'The weekly meeting went over the usual points, and nobody had anything to add to the minutes of the week before.',
    scan: '',
  },
})

export const KEPT_USER = { uid: 'alice', apiKey: 'alice-key', projects: [KEPT_PROJECT], roles: [{ role: 'PROJECT_EDITOR' as const, on: '*::*' }] }

/** Questions to a kept data folder, with the document that is the answer. */
export const KEPT_QUESTIONS: readonly { readonly request: SimilarRequest, readonly answer: string }[] = [
  { request: { queries: ['clergyman resigned from a foundation that was a sham'] }, answer: 'vicar' },
  { request: { queries: ['KY1-1104'], mode: 'words' }, answer: 'office' },
  { request: { queries: ['a ship under another country\'s colours'], mode: 'meaning' }, answer: 'flag' },
]
