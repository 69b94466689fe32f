import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settableClock } from '../pipeline/clock.ts';
import type { Anomaly } from '../pipeline/contract/events.ts';
import { anomalyOf } from '../sinks/live/fleet.fixture.ts';
import { FleetView } from './fleet-view.ts';
import { openAnomaliesPage } from './open-anomalies.ts';

const some = fc.record({
  gpu_uuid: fc.constantFrom('', 'GPU-a', 'GPU-b'),
  node: fc.constantFrom('n1', 'n2'),
  type: fc.constantFrom('zscore', 'gpu_lost'),
  severity: fc.constantFrom('info' as const, 'critical' as const),
  ts: fc.integer({ min: 1, max: 5 }),
});
const filters = fc.record(
  {
    gpu_uuid: fc.constantFrom('GPU-a', 'GPU-none'),
    node: fc.constantFrom('n1'),
    type: fc.constantFrom('gpu_lost'),
    severity: fc.constantFrom('critical' as const),
    from: fc.integer({ min: 1, max: 5 }),
    to: fc.integer({ min: 1, max: 5 }),
  },
  { requiredKeys: [] },
);

function viewOf(anomalies: readonly Anomaly[]): FleetView {
  const view = new FleetView({ clock: settableClock(0) });
  for (const anomaly of anomalies) view.applyAnomaly(anomaly);
  return view;
}

describe('open anomalies from memory', () => {
  it('are what matches, in order, over pages of any length', () => {
    fc.assert(
      fc.property(
        fc.array(some, { maxLength: 12 }),
        filters,
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        (list, filter, limit, oldest_first) => {
          const all = list.map((one, i) => anomalyOf({ ...one, opened_at: one.ts, id: `id-${(i * 7) % 13}` }));
          const view = viewOf(all);
          const { from = 0, to = 9, ...equal } = filter;
          const wanted = all
            .filter(({ ts }) => ts >= from && ts < to)
            .filter((one) => Object.entries(equal).every(([name, value]) => one[name as keyof Anomaly] === value))
            .sort((a, b) => a.ts - b.ts || (a.id < b.id ? -1 : 1))
            .map(({ id }) => id);
          if (!oldest_first) wanted.reverse();
          const told: string[] = [];
          let cursor: string | undefined;
          do {
            const page = openAnomaliesPage(view, filter, { limit, cursor, oldest_first });
            expect(page.total).toBe(wanted.length);
            expect(page.items.length).toBeLessThanOrEqual(limit);
            told.push(...page.items.map(({ id }) => id));
            cursor = page.next ?? undefined;
          } while (cursor !== undefined);
          expect(told).toEqual(wanted);
        },
      ),
    );
  });

  it('goes on behind an anomaly that has closed since', () => {
    const list = [1, 2, 3].map((ts) => anomalyOf({ gpu_uuid: 'GPU-a', id: `id-${ts}`, ts, opened_at: ts }));
    const view = viewOf(list);
    const { items, next } = openAnomaliesPage(view, {}, { limit: 1, oldest_first: true });
    expect(items.map(({ id }) => id)).toEqual(['id-1']);
    view.applyAnomaly({ ...(list[0] as Anomaly), state: 'closed', closed_at: 4 });
    const rest = openAnomaliesPage(view, {}, { limit: 9, cursor: next ?? '', oldest_first: true });
    expect(rest.items.map(({ id }) => id)).toEqual(['id-2', 'id-3']);
  });

  it('refuses a cursor of another order', () => {
    const view = viewOf([1, 2].map((ts) => anomalyOf({ gpu_uuid: 'GPU-a', id: `id-${ts}`, ts })));
    const { next } = openAnomaliesPage(view, {}, { limit: 1, oldest_first: true });
    expect(() => openAnomaliesPage(view, {}, { limit: 1, cursor: next ?? '', oldest_first: false })).toThrow(/order/);
  });
});
