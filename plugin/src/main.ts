import type { DatashareCore } from './host/core.ts'
import { openCore } from './host/open-core.ts'
import { register } from './register.ts'

let started = false

function start(datashare: DatashareCore): void {
  if (started) return
  started = true
  const core = openCore(datashare)
  if (core === null) console.warn('The similarity plugin stays away: this Datashare lacks what it needs')
  else register(core).catch((error: unknown) => console.error('The similarity plugin could not start', error))
}

// Both, because a plugin that loads late has missed the event. Where nobody is signed in, ready rejects and the
// sign-in loads the page anew: then there is nothing to do.
document.addEventListener('datashare:ready', ({ detail }) => start(detail.core), { once: true })
const datashare = window.datashare
datashare?.ready.then(() => start(datashare), () => undefined)
