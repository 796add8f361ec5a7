import type { Core } from './host/core.ts'
import { register } from './register.ts'

let started = false

function start(core: Core): void {
  if (started) return
  started = true
  register(core).catch((error: unknown) => console.error('The similarity plugin could not start', error))
}

// Both, because a plugin that loads late has missed the event. Where nobody is signed in, ready rejects and the
// sign-in loads the page anew: then there is nothing to do.
document.addEventListener('datashare:ready', ({ detail }) => start(detail.core), { once: true })
const core = window.datashare
core?.ready.then(() => start(core), () => undefined)
