/** A document of the small collection: what a search test needs to tell them apart. */
export interface SmallDocument {
  readonly id: string
  readonly content: string
  readonly rootId?: string
  readonly dirname?: string
  readonly language?: string
  readonly contentType?: string
  readonly creationDate?: string
}

const FILLER = [
  'The committee met in the town hall and approved the minutes of the spring session.',
  'Members discussed the repair of the roof and the price of the new windows.',
  'A letter of the gardeners about the hedges was read and put on file.',
  'The treasurer presented the fees for the parking places of the residents.',
  'Several speakers asked for benches near the playground behind the school.',
  'The caretaker reported that the boiler had been cleaned in October.',
]

/** The long report tells this beyond what one window of a model can hold. */
export const DEEP_SENTENCE = 'During the dive the rescue team found a sunken submarine with its torpedoes still on board.'
const DEEP_PARAGRAPH = [
  DEEP_SENTENCE,
  'The hull of the submarine lay on the sea bed at forty metres, broken behind the conning tower.',
  'Divers of the navy secured the torpedoes and closed the hatches of the wreck.',
  'The boat had been lost with its crew in the last winter of the war.',
  'The admiralty declared the wreck a grave and forbade any salvage by private divers.',
  'A buoy now marks where the submarine lies, and fishing boats keep clear of it.',
].join(' ')

const LONG_REPORT = [
  ...Array.from({ length: 60 }, (_, index) => `${FILLER[index % FILLER.length] ?? ''} Item ${index + 1}.`),
  DEEP_PARAGRAPH,
  ...Array.from({ length: 12 }, (_, index) => `${FILLER[index % FILLER.length] ?? ''} Annex ${index + 1}.`),
].join(' ')

const MAIL = 'Dear all, the quarterly figures of the brewery are attached. Sales of lager rose by a tenth, while stout fell behind. Best regards, Ines'

export const SMALL_COLLECTION: readonly SmallDocument[] = [
  { id: 'novel', content: 'this is a document about a novel' },
  { id: 'monkey', content: 'this is a document about a monkey' },
  { id: 'steel', content: 'this is a document about a steel bridge' },
  { id: 'weather', content: 'this is a document about the weather of tomorrow' },

  { id: 'swiss-file', content: 'Please open the folder CH93-0076-2011 and return it to the clerk by Monday.' },
  { id: 'swiss-other', content: 'In 2011 the clerk moved to another floor, together with all folders of room 0076.' },
  { id: 'cayman-box', content: 'Correspondence goes to P.O. Box 309, Grand Cayman, KY1-1104.' },
  { id: 'iban', content: 'The invoice is payable to account CH9300762011623852957 within thirty days.' },

  { id: 'nominees', content: 'His villas on the coast are registered in the names of straw men, so that nobody can tell that they belong to him.', dirname: '/vault/property' },
  { id: 'estate-wine', content: 'The wine estate sells its best bottles in autumn, and visitors taste them behind the old cellar.', dirname: '/vault/wine' },
  { id: 'hides-leather', content: 'The tannery buys hides of cattle and turns them into leather for shoes.', dirname: '/vault/trade' },
  { id: 'real-madrid', content: 'Real Madrid won the match in the last minute, and the crowd sang until midnight.', dirname: '/vault/sport' },

  { id: 'mail-1', content: MAIL, contentType: 'message/rfc822', dirname: '/vault/mail' },
  { id: 'mail-2', content: MAIL, contentType: 'message/rfc822', dirname: '/vault/mail' },
  { id: 'mail-3', content: MAIL, contentType: 'message/rfc822', dirname: '/vault/mailbox' },
  { id: 'brewery-report', content: 'Annual report of the brewery: beer production grew, and the lager line was extended with a second kettle.', dirname: '/vault/mail/reports' },

  { id: 'long-report', content: LONG_REPORT },
  { id: 'french', content: 'Le notaire a caché les sociétés écrans derrière une fondation au Panama. L’entreprise versait des commissions.', language: 'FRENCH' },
  { id: 'russian', content: 'Банк отклонил перевод денег на счёт фирмы в Панаме.', language: 'RUSSIAN' },
  { id: 'chinese', content: '公司股東的名單已經交給律師。', language: 'CHINESE' },

  { id: 'contract', content: 'Lease contract for an aircraft: the lessee pays a monthly rent for the jet and bears the cost of its upkeep.', creationDate: '2009-06-01T00:00:00Z' },
  { id: 'contract-annex', content: 'Annex to the lease of the jet: list of engines, spare parts and hangar fees of the aircraft.', rootId: 'contract', creationDate: '2009-06-02T00:00:00Z' },
  { id: 'yacht', content: 'Charter agreement for a motor yacht: the charterer pays a weekly rate and the fuel of the vessel.', creationDate: '2012-01-15T00:00:00Z' },
  { id: 'helicopter', content: 'Rental of a helicopter for the film crew: hourly rate, pilot and insurance included.', creationDate: '2012-03-01T00:00:00Z' },
  { id: 'balloon', content: 'Rides in a hot-air balloon: the company rents its aircraft out on summer weekends.', creationDate: '2015-07-01T00:00:00Z' },

  { id: 'vaccine', content: 'The hospital ordered ten thousand doses of a vaccine against measles.' },
  { id: 'flood', content: 'The river rose above the dam and the lower streets were flooded for a week.' },
  { id: 'violin', content: 'The violin was built in Cremona and its sound still fills concert halls.' },
  { id: 'chess', content: 'In the final of the chess tournament the queen was sacrificed on move twenty.' },
  { id: 'school', content: 'Pupils learn arithmetic and spelling in the first year of primary school.' },
  { id: 'recipe', content: 'Whisk the eggs, fold in flour and sugar, and bake the cake for forty minutes.' },
]
