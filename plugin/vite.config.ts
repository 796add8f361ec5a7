import vue from '@vitejs/plugin-vue'
import icons from 'unplugin-icons/vite'
import { defineConfig } from 'vitest/config'

/** Datashare shares exactly these two; a second copy of either breaks the page. */
const globals = { vue: '__VUE_SHARED__', pinia: '__PINIA_SHARED__' }
const conditions = ['@similarity/source']

export default defineConfig(({ mode }) => ({
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
      output: { globals, codeSplitting: false },
    },
  },
  test: {
    name: 'plugin',
    environment: 'happy-dom',
    include: ['src/**/*.test.ts'],
    restoreMocks: true,
    unstubGlobals: true,
  },
}))
