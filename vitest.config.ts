import { defineConfig } from 'vitest/config'

const conditions = ['@similarity/source']

/** Node tests of shared, server, bench and what is around the code; the plugin has its own project because it needs a DOM and Vue's compiler. */
export default defineConfig({
  test: {
    // Much of the time is waited for other processes; of two cores the default would use one.
    maxWorkers: 2,
    projects: [
      {
        resolve: { conditions },
        ssr: { resolve: { conditions } },
        test: {
          name: 'node',
          include: ['shared/src/**/*.test.ts', 'server/src/**/*.test.ts', 'bench/**/*.test.ts', 'scripts/**/*.test.ts', 'deploy/**/*.test.ts', 'docs/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 120_000,
        },
      },
      'plugin/vite.config.ts',
    ],
  },
})
