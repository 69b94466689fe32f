import { expect, test } from 'vitest';
import { type SettableClock, settableClock } from '../clock.ts';
import { milliseconds } from '../contract/time.ts';
import { BusOutage } from './bus-outage.ts';

const LEASE = milliseconds(2_000);

function begin(): {
  readonly clock: SettableClock;
  readonly outage: BusOutage;
  pass(ms: number): void;
  answer(): void;
} {
  const clock = settableClock(1_000);
  const outage = new BusOutage({ lease: LEASE, clock });
  return {
    clock,
    outage,
    pass(ms) {
      for (let passed = 0; passed < ms; passed += 50) {
        clock.advance(50);
        outage.look();
      }
    },
    answer: () => outage.answered(clock.monotonic()),
  };
}

test('lasts from half a lease without an answer until the next one', () => {
  const { outage, pass, answer } = begin();
  for (let n = 0; n < 10; n++) {
    pass(950);
    expect(outage.lasts()).toBe(false);
    answer();
  }
  pass(1_000);
  expect(outage.lasts()).toBe(true);
  pass(60_000);
  expect(outage.lasts()).toBe(true);
  expect(outage.silent_ms).toBe(61_000);
  answer();
  expect(outage.lasts()).toBe(false);
});

test('an answer counts from when it was asked for, as the lease does', () => {
  const { clock, outage, pass } = begin();
  const asked_at = clock.monotonic();
  pass(600);
  outage.answered(asked_at);
  pass(400);
  expect(outage.lasts()).toBe(true);
});

test('whoever was paused knows nothing, before and after it looks again, also by an answer from before', () => {
  const { clock, outage, pass } = begin();
  pass(2_000);
  expect(outage.lasts()).toBe(true);
  const asked_at = clock.monotonic();
  clock.advance(5_000);
  expect(outage.lasts()).toBe(false);
  outage.look();
  expect(outage.lasts()).toBe(false);
  outage.answered(asked_at);
  pass(950);
  expect(outage.lasts()).toBe(false);
  pass(50);
  expect(outage.lasts()).toBe(true);
});
