import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { LiveClient } from '../../live-client.ts';
import { ago, anomalyAnswer, healthAnswer, NOW, summaryRow } from './answers.fixture.ts';
import { sortGpus } from './fleet-columns.ts';
import { FleetStore } from './fleet-store.ts';

beforeEach(() => void vi.useFakeTimers({ now: NOW }));
afterEach(() => void vi.useRealTimers());

const storeOf = (rows: readonly ReturnType<typeof summaryRow>[]): FleetStore => {
  const store = new FleetStore({} as LiveClient);
  store.applyFleet({ type: 'snapshot', ts: NOW, seq: 1, data: rows });
  return store;
};
const scores = (store: FleetStore): unknown[] => [...store.gpus.values()].map(({ health }) => health?.score);

it('shows scores whichever comes first, and takes no older one for a newer one', () => {
  const store = new FleetStore({} as LiveClient);
  store.applyHealth([healthAnswer({ overall_score: 60, ts: ago(2) })]);
  store.applyFleet({ type: 'snapshot', ts: NOW, seq: 1, data: [summaryRow(), summaryRow({ gpu_uuid: 'GPU-b' })] });
  expect(scores(store)).toEqual([60, undefined]);
  store.applyHealth([healthAnswer({ overall_score: 90, ts: ago(3) }), healthAnswer({ gpu_uuid: 'GPU-b', ts: ago(1) })]);
  expect(scores(store)).toEqual([60, 100]);
  expect(store.scored_at).toBe(ago(1));
  store.applyFleet({ type: 'delta', ts: NOW, seq: 2, data: [summaryRow({ gpu_temp_celsius: 60 })] });
  expect(scores(store)).toEqual([60, 100]);
});

it('takes a score that is not renewed while samples come as unknown, and keeps that of a silent GPU', () => {
  const store = storeOf([summaryRow(), summaryRow({ gpu_uuid: 'GPU-b', ts: ago(200), stale_since: ago(200) })]);
  store.applyHealth([
    healthAnswer({ ts: ago(61) }),
    healthAnswer({ gpu_uuid: 'GPU-b', ts: ago(210), overall_score: 30 }),
  ]);
  expect(scores(store)).toEqual([undefined, 30]);
  store.applyHealth([healthAnswer({ ts: ago(1) })]);
  expect(scores(store)).toEqual([100, 30]);
  store.applyFleet({ type: 'delta', ts: NOW, seq: 2, data: [summaryRow({ ts: ago(-70) })] });
  store.applyHealth([]);
  expect(scores(store)).toEqual([undefined, 30]);
});

it.each<[string, readonly (readonly [string, number | null, number])[], number | null]>([
  [
    'the worst part',
    [
      ['1', 90, 1],
      ['2', 40, 1],
      ['3', 70, 1],
    ],
    40,
  ],
  [
    'an unknown part before good ones',
    [
      ['1', 95, 1],
      ['2', null, 1],
    ],
    null,
  ],
  [
    'a bad part before an unknown one',
    [
      ['1', 60, 1],
      ['2', null, 1],
    ],
    60,
  ],
  [
    'no part that ceased to be',
    [
      ['1', 95, 1],
      ['2', 10, 90],
    ],
    95,
  ],
])('shows a board by %s', (_, parts, shown) => {
  const store = storeOf([summaryRow({ ts: ago(1) })]);
  store.applyHealth(
    parts.map(([instance, overall_score, age]) => healthAnswer({ instance, overall_score, ts: ago(age) })),
  );
  expect(scores(store)).toEqual([shown]);
});

it('counts changes of what is critical, and of what is worth an alarm', () => {
  const store = storeOf([summaryRow()]);
  const tell = (changes: Parameters<typeof anomalyAnswer>[0], seq: number): [number, number] => {
    store.applyAnomalies({ type: 'delta', ts: NOW, seq, data: [anomalyAnswer(changes)] });
    return [store.criticals, store.alarms];
  };
  expect(tell({ severity: 'info' }, 1)).toEqual([0, 0]);
  expect(tell({ severity: 'warning' }, 2)).toEqual([0, 1]);
  expect(tell({ severity: 'critical' }, 3)).toEqual([1, 2]);
  expect(tell({ severity: 'critical' }, 4)).toEqual([1, 2]);
  expect(tell({ severity: 'critical', state: 'closed' }, 5)).toEqual([2, 3]);
});

it('sorts by score, what is unknown last both ways', () => {
  const store = storeOf(['a', 'b', 'c'].map((name) => summaryRow({ gpu_uuid: name })));
  store.applyHealth([
    healthAnswer({ gpu_uuid: 'a', overall_score: 100 }),
    healthAnswer({ gpu_uuid: 'c', overall_score: 9 }),
  ]);
  const order = (sort: string): string =>
    sortGpus([...store.gpus.values()], sort)
      .map((gpu) => gpu.gpu_uuid)
      .join('');
  expect([order('health'), order('-health')]).toEqual(['cab', 'acb']);
});

it('takes a long snapshot in parts, and what comes meanwhile after it', async () => {
  const store = new FleetStore({} as LiveClient, () => NOW);
  const rows = Array.from({ length: 9_000 }, (_, i) => summaryRow({ gpu_uuid: `GPU-${i}`, gpu_temp_celsius: 40 }));
  store.applyFleet({ type: 'snapshot', seq: 1, ts: NOW, data: rows });
  store.applyFleet({
    type: 'delta',
    seq: 2,
    ts: NOW,
    data: [summaryRow({ gpu_uuid: 'GPU-8999', gpu_temp_celsius: 77 })],
  });
  expect([store.ready, store.gpus.size < 9_000]).toEqual([false, true]);
  await vi.advanceTimersByTimeAsync(100);
  expect(store.gpus.get('GPU-8999')?.gpu_temp_celsius).toBe(77);
  expect([store.ready, store.gpus.size]).toEqual([true, 9_000]);
});

it('shows the picture before a new one until that is whole, and then only what is in it', async () => {
  const store = new FleetStore({} as LiveClient, () => NOW);
  const rows = (from: number) =>
    Array.from({ length: 9_000 }, (_, i) => summaryRow({ gpu_uuid: `GPU-${from + i}`, instance: i === 0 ? '3' : '' }));
  store.applyFleet({ type: 'snapshot', seq: 1, ts: NOW, data: rows(0) });
  await vi.advanceTimersByTimeAsync(100);
  expect(store.ready).toBe(true);
  store.applyFleet({ type: 'snapshot', seq: 5, ts: NOW, data: rows(1_000) });
  expect(store.gpus.size).toBeGreaterThanOrEqual(9_000);
  await vi.advanceTimersByTimeAsync(100);
  expect(store.gpus.has('GPU-999')).toBe(false);
  expect([store.gpus.size, store.gpus.get('GPU-1000')?.instances]).toEqual([9_000, 1]);
});
