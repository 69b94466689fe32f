import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LAYOUT, LAYOUTS, outageTable, SET, simulateOutage, snapshotRound, workerRows } from './outages.ts';
import { MEASURED, MILLION } from './plan.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('outages of a million GPUs', () => {
  it('takes settings that stand where it says', () => {
    for (const { value, from } of Object.values(SET)) {
      const text = read(from.split(':')[0] ?? '').replaceAll('_', '');
      expect(text, from).toMatch(new RegExp(`\\b${String(value).replace('.', '\\.')}\\b`));
    }
  });

  it('costs nothing but what was taken away', () => {
    // A worker judges 57,000 rows a second, and has 12,500.
    expect(workerRows(MILLION)).toBeLessThan(MEASURED.engine_rows_per_core.value);
    const restart = simulateOutage('database_restarts');
    expect(restart.lag_max_s).toBeCloseTo(LAYOUT.database_restart_s, 0);
    // All that came in a quarter of the streams meanwhile.
    expect(restart.waiting_messages).toBeCloseTo((12_500 * LAYOUT.database_restart_s) / 4, -3);
    expect(restart.live_after_s).toBeGreaterThan(LAYOUT.database_restart_s);
    const away = simulateOutage('nats_away');
    expect(away.spooled_messages).toBeCloseTo(12_500 * LAYOUT.nats_away_s, -4);
  });

  it('reads again what the oldest state does not know, in the time that its speed gives', () => {
    const { lag_max_s, live_after_s, late_share } = simulateOutage('worker_killed');
    expect(lag_max_s).toBeGreaterThan(snapshotRound(MILLION, LAYOUT));
    const speed = workerRows(MILLION) / (100_000 / LAYOUT.groups);
    // One of its groups a worker: loaded, then read again beside the eight that it has.
    const load_s = (1e6 / LAYOUT.groups) * (MEASURED.state_bytes_per_gpu.value / LAYOUT.state_bytes_per_s);
    expect(live_after_s).toBeGreaterThan(SET.lease_s.value + load_s + snapshotRound(MILLION, LAYOUT) / speed);
    expect(late_share).toBeCloseTo(1 / LAYOUT.workers);
    const fast = simulateOutage('worker_killed', MILLION, {
      ...LAYOUT,
      snapshot_bytes_per_s: 10 * LAYOUT.snapshot_bytes_per_s,
    });
    expect(fast.live_after_s).toBeLessThan(live_after_s / 2);
  });

  it('never catches up with more than its cores do', () => {
    const slow = simulateOutage('database_restarts', { ...MILLION, interval_s: 1 });
    expect(slow.live_after_s).toBeGreaterThan(3_590);
  });

  it('is the table of SCALE.md', () => {
    expect(read('deploy/SCALE.md')).toContain(outageTable(LAYOUTS));
  });
});
