import { defineConfig } from 'vitest/config';

/**
 * Fast tests need nothing but Node; `*.slow.test.ts` neither, but take days of fleet time and are left out of `npm run check`;
 * `*.it.test.ts` need the services and run after them, one file at a time.
 */
export default defineConfig({
  test: {
    // By default a core is left free, which on two cores makes the fast tests slow.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'unit',
          sequence: { groupOrder: 0 },
          // One load of the modules for all files of a thread: half the time. No module of ours keeps state between calls.
          isolate: false,
          pool: 'threads',
          include: ['{pipeline,operators,sinks,server,models,bench,deploy}/**/*.test.ts'],
          exclude: ['**/*.it.test.ts', '**/*.slow.test.ts', '**/node_modules/**', 'dist/**'],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'slow',
          sequence: { groupOrder: 0 },
          include: ['{pipeline,operators,sinks,server,models,bench,deploy}/**/*.slow.test.ts'],
          exclude: ['**/node_modules/**', 'dist/**'],
          testTimeout: 120_000,
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
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
