import { JetStreamApiError } from '@nats-io/jetstream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { oncePossible } from './once-possible.ts';

const refusal = (code: number, err_code: number): JetStreamApiError =>
  new JetStreamApiError({ code, err_code, description: 'test' });
const NO_LEADER = refusal(503, 10_008);
const MISSING = refusal(404, 10_059);
const SILENCE = new Error('timeout');

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it.each([
  { fails: [], tries: 1, ends: 'done' },
  { fails: [NO_LEADER, NO_LEADER], tries: 3, ends: 'done' },
  { fails: [SILENCE], tries: 2, ends: 'done' },
  { fails: [SILENCE], unanswered: false, tries: 1, ends: SILENCE },
  { fails: [NO_LEADER], unanswered: false, tries: 2, ends: 'done' },
  { fails: [NO_LEADER, MISSING], tries: 2, ends: MISSING },
  { fails: [MISSING, NO_LEADER, MISSING], missing: true, tries: 4, ends: 'done' },
  { fails: new Array(99).fill(NO_LEADER), tries: 20, ends: NO_LEADER },
])('a call that fails $fails.length times is tried $tries times', async ({ fails, tries, ends, ...again }) => {
  let calls = 0;
  const done = oncePossible(async () => {
    const failure: unknown = fails[calls++];
    if (failure !== undefined) throw failure;
    return 'done';
  }, again).catch((cause: unknown) => cause);
  await vi.runAllTimersAsync();
  expect([await done, calls]).toEqual([ends, tries]);
});
