import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { sharedMonotonic } from '../clock.ts';
import { type LeaseCells, leaseCells, sharedLease, tellLease, tellLost } from './shared-lease.ts';

/** A lease as its thread sees it, and what happened to that. */
function watched() {
  const cells = leaseCells();
  const seen: string[] = [];
  const lease = sharedLease({
    cells,
    on_lapse: () => seen.push('stops'),
    on_back: (ms) => seen.push(ms > 40 ? 'goes on' : `goes on after ${ms} ms`),
  });
  return { cells, seen, lease };
}

/** Another thread puts into the cells what `tell` would, while this one stands still. */
function later(cells: LeaseCells, tell: (cells: LeaseCells) => void): Worker {
  const told = leaseCells();
  tell(told);
  const code = `
    const { cells, told } = require('node:worker_threads').workerData;
    setTimeout(() => {
      for (const at of [1, 0]) Atomics.store(cells, at, told[at]);
      Atomics.notify(cells, 0);
    }, 50);`;
  return new Worker(code, { eval: true, workerData: { cells, told } });
}

it('answers at once while it is held, and tells since when', () => {
  const { cells, seen, lease } = watched();
  tellLease(cells, { until: sharedMonotonic() + 60_000, steady_ms: 5_000 });
  expect([lease.held(), seen]).toEqual([true, []]);
  expect(lease.steady_ms()).toBeGreaterThanOrEqual(4_999);
  expect(lease.steady_ms()).toBeLessThan(10_000);
});

it('stops its thread until it is held again', async () => {
  const { cells, seen, lease } = watched();
  tellLease(cells, { until: sharedMonotonic() - 1, steady_ms: 0 });
  const other = later(cells, (told) => tellLease(told, { until: sharedMonotonic() + 60_000, steady_ms: 0 }));
  expect([lease.held(), seen]).toEqual([true, ['stops', 'goes on']]);
  await other.terminate();
});

it('stops its thread until it is lost, and is lost for good', async () => {
  const { cells, seen, lease } = watched();
  const other = later(cells, tellLost);
  expect([lease.held(), seen]).toEqual([false, ['stops']]);
  await other.terminate();
  tellLease(cells, { until: sharedMonotonic() + 60_000, steady_ms: 0 });
  expect(lease.held()).toBe(false);
});

it('stops what is on its way when it is given up while it is held', () => {
  const { cells, seen, lease } = watched();
  tellLease(cells, { until: sharedMonotonic() + 60_000, steady_ms: 5_000 });
  expect([lease.held(), seen]).toEqual([true, []]);
  tellLost(cells);
  expect([lease.held(), seen]).toEqual([false, ['stops']]);
});
