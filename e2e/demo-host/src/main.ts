import '@fontsource-variable/inter'
// Before the components, whose own styles build on it.
import './styles/main.scss'
import * as Pinia from 'pinia'
import * as Vue from 'vue'
import { Core } from './core/core.ts'
import { restoreTheme } from './core/theme.ts'

// The two modules that Datashare shares with its plugins.
window.__VUE_SHARED__ = Vue
window.__PINIA_SHARED__ = Pinia

restoreTheme()
const core = new Core()
// The router is made before any `ready.then` of a plugin runs, and after `datashare:ready`.
core.ready.then(() => core.mount('#app'), (reason: unknown) => core.mountFailure('#app', reason))
window.datashare = core.forPlugins
void core.load()
