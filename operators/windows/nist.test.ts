import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { METRIC_COUNT, metricIndex } from '../../pipeline/contract/metrics.ts';
import { minutes } from '../../pipeline/contract/time.ts';
import { TIERS } from '../../pipeline/contract/windows.ts';
import { START_MS } from '../core/laws.fixture.ts';
import { addReading, deviationOf, MOMENTS, meanOf, trendOf } from './moments.ts';
import { createPaneSet } from './pane-set.ts';

const NIST = join(import.meta.dirname, '../../../shared/data/nist');
const present = existsSync(join(NIST, 'NumAcc4.dat'));
const WEEK = 3;

/** The numbers behind the last line that begins with "Data:". */
function data(file: string): { text: string; rows: number[][] } {
  const text = readFileSync(join(NIST, file), 'utf8');
  const lines = text.split(/\r?\n/);
  const from = lines.map((line) => line.startsWith('Data:')).lastIndexOf(true);
  const rows = lines
    .slice(from + 1)
    .filter((line) => line.trim() !== '')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter((row) => row.every((value) => Number.isFinite(value)));
  return { text, rows };
}

/** Through panes: the readings at `times_s`, then the week's moments. */
function weekOf(values: readonly number[], times_s: readonly number[]): Float64Array {
  const set = createPaneSet({ metrics: ['power_watts'], tiers: TIERS, lateness_max: minutes(5) });
  const { live, open, closed_means, closed_rest, newest } = set.columns;
  const cells = {
    live: new Float64Array(live.width),
    open: new Float64Array(open.width),
    closed_means: new Float64Array(closed_means.width),
    closed_rest: new Float32Array(closed_rest.width),
    newest: new Uint32Array(newest.width),
  };
  const order = times_s.map((_, i) => i).sort((a, b) => (times_s[a] as number) - (times_s[b] as number));
  const row = new Float64Array(METRIC_COUNT);
  for (const i of order) {
    const ts = START_MS + (times_s[i] as number) * 1_000;
    row[metricIndex('power_watts')] = values[i] as number;
    set.add(cells, 0, set.locate(cells, 0, ts), ts, row, 0);
  }
  const into = new Float64Array(MOMENTS);
  set.read(cells, 0, 0, WEEK, START_MS + (times_s[order.at(-1) as number] as number) * 1_000, into);
  return into;
}

describe.skipIf(!present)('NIST certified values through panes (skipped where ../shared/data is absent)', () => {
  it.each([
    'NumAcc1.dat',
    'NumAcc2.dat',
    'NumAcc3.dat',
    'NumAcc4.dat',
    'Lew.dat',
    'Lottery.dat',
    'Mavro.dat',
    'Michelso.dat',
  ])('%s: mean and deviation, one pane to 1e-8, closed panes to 1e-6', (file) => {
    const { text, rows } = data(file);
    const certified = (name: RegExp): number => Number(name.exec(text)?.[1]);
    const mean = certified(/Sample Mean\s*(?:ybar)?:\s+(-?[\d.]+)/);
    const std = certified(/\(denom\. = n-1\)\s*s?:\s+(-?[\d.]+)/);
    const values = rows.map(([value]) => value as number);
    expect(values).toHaveLength(certified(/Number of Observations:\s+(\d+)/));

    const pane = new Float64Array(MOMENTS);
    values.forEach((value, i) => {
      addReading(pane, 0, value, i);
    });
    expect(Math.abs(meanOf(pane) / mean - 1)).toBeLessThan(1e-12);
    expect(Math.abs(deviationOf(pane) / std - 1)).toBeLessThan(1e-8);

    // One reading in five minutes spreads even the shortest file over closed panes.
    const week = weekOf(
      values,
      values.map((_, i) => i * 300),
    );
    expect(Math.abs(meanOf(week) / mean - 1)).toBeLessThan(1e-12);
    expect(Math.abs(deviationOf(week) / std - 1)).toBeLessThan(1e-6);
  });

  it('Norris.dat: slope', () => {
    const { text, rows } = data('Norris.dat');
    const slope = Number(/B1\s+(-?[\d.]+)/.exec(text)?.[1]);
    expect(rows).toHaveLength(36);
    for (const stretch of [1, 100]) {
      const week = weekOf(
        rows.map(([y]) => y as number),
        rows.map(([, x]) => (x as number) * stretch),
      );
      expect(Math.abs(((trendOf(week) / 86_400) * stretch) / slope - 1)).toBeLessThan(1e-9);
    }
  });
});
