import { dirname, join, relative, resolve } from 'node:path'
import vue from '@vitejs/plugin-vue'
import icons from 'unplugin-icons/vite'
import { defineConfig } from 'vitest/config'

/** Datashare shares exactly these two; a second copy of either breaks the page. */
const globals = { vue: '__VUE_SHARED__', pinia: '__PINIA_SHARED__' }
const conditions = ['@similarity/source']

/** Named from the root of the repository: a map says nothing of the machine that it was made on. */
const sourcePath = (source: string, map: string): string =>
  relative(join(import.meta.dirname, '..'), resolve(dirname(map), source)).replaceAll('\\', '/')

export default defineConfig(({ command, mode }) => {
  // Where a shell sets another, components would name their files on the disk.
  if (command === 'build') process.env['NODE_ENV'] = 'production'
  return {
    root: import.meta.dirname,
    plugins: [vue(), icons({ scale: 1, compiler: 'vue3' })],
    resolve: { conditions: [...conditions, 'module', 'browser', 'development|production'] },
    ssr: { resolve: { conditions } },
    // Library mode does not replace it, and the page has no `process`.
    define: mode === 'test' ? {} : { 'process.env.NODE_ENV': JSON.stringify(mode) },
    build: {
      sourcemap: true,
      cssCodeSplit: false,
      lib: { entry: 'src/main.ts', name: 'DatashareSimilarity', formats: ['umd'], fileName: () => 'index.umd.js', cssFileName: 'style' },
      rolldownOptions: {
        external: mode === 'test' ? [] : Object.keys(globals),
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
