import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { watchWorker } from './watch-worker.ts';

/** A thread that counts cases up to its last one, and then does what it was made for. */
const thread = (end: string) => (progress: Int32Array) =>
  new Worker(
    `const { workerData: { progress }, parentPort } = require('node:worker_threads');
     for (let n = 0; n <= 41; n++) Atomics.store(progress, 0, n);
     ${end}`,
    { eval: true, workerData: { progress }, resourceLimits: { maxOldGenerationSizeMb: 32 } },
  );

it.each([
  ['tells how it went', "parentPort.postMessage({ done: 'well' })", { kind: 'done', told: 'well' }],
  ['never comes back', 'for (;;);', { kind: 'hung', number: 41 }],
  [
    'wants more than its heap',
    'const all = []; for (;;) all.push(new Array(1e5).fill({}))',
    { kind: 'died', number: 41, what: 'more memory than its limit' },
  ],
  ['throws', "throw new Error('lost')", { kind: 'died', number: 41, what: 'Error: lost' }],
])('a thread that %s', async (_, end, expected) => {
  expect(await watchWorker({ start: thread(end), time_ms: 1_000 })).toMatchObject(expected);
});
