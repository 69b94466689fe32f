import { defineConfig } from 'vitest/config';

/** Fast tests need nothing but Node; `*.it.test.ts` need the services and run one file at a time. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{pipeline,operators,sinks,server,models,bench,deploy}/**/*.test.ts'],
          exclude: ['**/*.it.test.ts', '**/node_modules/**', 'dist/**'],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['{pipeline,operators,sinks,server,models,bench,deploy}/**/*.it.test.ts'],
          exclude: ['**/node_modules/**', 'dist/**'],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
