import { dirname, join, relative, resolve } from 'node:path'
import vue from '@vitejs/plugin-vue'
import icons from 'unplugin-icons/vite'
import svgpath from 'svgpath'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'
import * as vueModule from 'vue'
import { ERRORS } from '../shared/src/errors.ts'
import { WORDED_ERRORS } from './src/locales/worded-errors.ts'

/** Datashare shares exactly these two; a second copy of either breaks the page. */
const globals = { vue: '__VUE_SHARED__', pinia: '__PINIA_SHARED__' }
const conditions = ['@similarity/source']

/** Named from the root of the repository: a map says nothing of the machine that it was made on. */
const sourcePath = (source: string, map: string): string =>
  relative(join(import.meta.dirname, '..'), resolve(dirname(map), source)).replaceAll('\\', '/')

/** A bundler keeps an object whole: of the catalogue of errors, the built script has only what it must have. */
const catalogueOfPage: Plugin = {
  name: 'catalogue',
  apply: 'build',
  transform: {
    filter: { id: /\/locales\/catalogue\.ts$/ },
    handler: () => ({
      code: `export const CATALOGUE = ${JSON.stringify(Object.fromEntries(WORDED_ERRORS.map(code => [code, { why: ERRORS[code].why, fix: ERRORS[code].fix }])))}`,
      map: null,
    }),
  },
}

/** All icons are one path in the same frame: one function draws them, which keeps the script small. */
const iconCompiler = {
  extension: 'js',
  compiler: (svg: string, _collection: string, name: string): string => {
    const [path, ...others] = [...svg.matchAll(/ d="([^"]+)"/g)].map(([, d]) => d)
    if (path === undefined || others.length > 0) throw new Error(`The icon ${name} is not drawn with one path`)
    // In whole units of a frame of 256: a small part of a pixel, and a good part of the script.
    return `import { iconOf } from ${JSON.stringify(join(import.meta.dirname, 'src/components/icon.ts'))}\nexport default iconOf('${svgpath(path).round(0).toString()}')`
  },
}

/** Components tell their names to developer tools only. */
const namelessComponents: Plugin = {
  name: 'nameless-components',
  apply: 'build',
  enforce: 'post',
  transform: { filter: { id: /\.vue$/ }, handler: code => ({ code: code.replace(/__name: ['"]\w+['"],/, ''), map: null }) },
}

const OWN_NAMES = '\0names-of-vue'

/** Vue's functions by names of their own, read once: `(0, vue.name)` at every call would make the script larger. */
const namesOfVue: Plugin = {
  name: 'names-of-vue',
  apply: 'build',
  enforce: 'pre',
  resolveId: { filter: { id: /^vue$/ }, handler: (_id, importer) => (importer === OWN_NAMES ? { id: 'vue', external: true } : OWN_NAMES) },
  load: {
    filter: { id: /names-of-vue$/ },
    handler() {
      const names = Object.keys(vueModule).filter(name => /^[a-zA-Z]\w*$/.test(name) && name !== 'default')
      return {
        code: [`import { ${names.map(name => `${name} as _${name}`).join(', ')} } from 'vue'`, ...names.map(name => `export const ${name} = _${name}`)].join('\n'),
        map: { mappings: '' },
      }
    },
  },
}

export default defineConfig(({ command, mode }) => {
  // Where a shell sets another, components would name their files on the disk.
  if (command === 'build') process.env['NODE_ENV'] = 'production'
  return {
    root: import.meta.dirname,
    plugins: [catalogueOfPage, namesOfVue, namelessComponents, vue(), icons({ compiler: iconCompiler })],
    resolve: { conditions: [...conditions, 'module', 'browser', 'development|production'] },
    ssr: { resolve: { conditions } },
    // Library mode does not replace it, and the page has no `process`.
    define: mode === 'test' ? {} : { 'process.env.NODE_ENV': JSON.stringify(mode) },
    build: {
      sourcemap: true,
      cssCodeSplit: false,
      lib: { entry: 'src/main.ts', name: 'DatashareSimilarity', formats: ['umd'], fileName: () => 'index.umd.js', cssFileName: 'style' },
      rolldownOptions: {
        // Where a machine is busy, the bundler tells everybody who builds how long its parts took.
        checks: { bundlerTimings: false },
        external: mode === 'test' ? [] : ['pinia'],
        output: { globals, codeSplitting: false, sourcemapPathTransform: sourcePath },
      },
    },
    test: {
      name: 'plugin',
      environment: 'happy-dom',
      include: ['src/**/*.test.ts'],
      restoreMocks: true,
      unstubGlobals: true,
    },
  }
})
