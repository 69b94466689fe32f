import { expect, test } from 'vitest';
import { type SettableClock, settableClock } from '../clock.ts';
import { milliseconds } from '../contract/time.ts';
import { BusOutage } from './bus-outage.ts';

const LEASE = milliseconds(2_000);

function begin(): { readonly clock: SettableClock; readonly outage: BusOutage; pass(ms: number, up: boolean): void } {
  const clock = settableClock(1_000);
  const outage = new BusOutage({ lease: LEASE, clock });
  return {
    clock,
    outage,
    pass(ms, up) {
      for (let passed = 0; passed < ms; passed += 50) {
        clock.advance(50);
        outage.look(up);
      }
    },
  };
}

test('lasts from half a lease without NATS until NATS answers, not only until it is connected', () => {
  const { outage, pass } = begin();
  pass(10_000, true);
  expect(outage.lasts()).toBe(false);
  pass(1_000, false);
  expect(outage.lasts()).toBe(false);
  pass(100, false);
  expect(outage.lasts()).toBe(true);
  pass(60_000, false);
  expect(outage.lasts()).toBe(true);
  pass(500, true);
  expect(outage.lasts()).toBe(true);
  outage.answered();
  expect(outage.lasts()).toBe(false);
  pass(10_000, true);
  expect(outage.lasts()).toBe(false);
});

test('a connection that comes back in between is no outage', () => {
  const { outage, pass } = begin();
  for (let n = 0; n < 10; n++) {
    pass(900, false);
    pass(50, true);
    expect(outage.lasts()).toBe(false);
  }
});

test('whoever was paused knows nothing, before and after it looks again', () => {
  const { clock, outage, pass } = begin();
  pass(2_000, false);
  expect(outage.lasts()).toBe(true);
  clock.advance(5_000);
  expect(outage.lasts()).toBe(false);
  outage.look(false);
  expect(outage.lasts()).toBe(false);
  pass(900, false);
  expect(outage.lasts()).toBe(false);
  pass(150, false);
  expect(outage.lasts()).toBe(true);
});
