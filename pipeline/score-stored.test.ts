import { describe, expect, it } from 'vitest';
import { anomalyOf } from '../sinks/live/fleet.fixture.ts';
import { systemClock } from './clock.ts';
import type { Database } from './contract/database.ts';
import { days, minutes } from './contract/time.ts';
import { scoreStored } from './score-stored.ts';

type Rows = Record<string, unknown>[];

const NOW = Date.UTC(2026, 0, 9);
const WELL = {
  gpu_temp_celsius: 55,
  power_watts: 400,
  sm_clock_mhz: 1_980,
  gpu_util_ratio: 0.9,
  throttle_reasons: 0,
  fb_used_mib: 40_000,
  ecc_sbe_volatile_total: 0,
  ecc_dbe_volatile_total: 0,
  row_remap_failed: 0,
};

/** Tables that answer by the columns that a statement compares with texts. */
function tables(rows: Readonly<Record<string, Rows>>): Database {
  return {
    async query<Row>(sql: string, parameters: readonly unknown[] = []) {
      const table = /FROM "?(\w+)/.exec(sql)?.[1] ?? '';
      const equal = [...sql.matchAll(/"?(\w+)"? = \$(\d+)/g)].map(
        ([, column = '', place]) => [column, parameters[Number(place) - 1]] as const,
      );
      const found = (rows[table] ?? []).filter((row) =>
        equal.every(([column, value]) => (row[column] ?? '') === value),
      );
      return (sql.includes('count()') ? [{ total: found.length }] : found.map((row) => ({ ...row }))) as Row[];
    },
    close: async () => undefined,
  };
}

const reading = (changes: Record<string, unknown> = {}) => ({
  ...WELL,
  ts: NOW - 5_000,
  gpu_uuid: 'GPU-a',
  node: 'n1',
  instance: '',
  ...changes,
});

const ask = (rows: Readonly<Record<string, Rows>>, more: Partial<Parameters<typeof scoreStored>[2]> = {}) =>
  scoreStored(tables(rows), systemClock, { gpu_uuid: 'GPU-a', profile: 'default', now: NOW, ...more });

/** As the table keeps it. */
const open = (changes: Parameters<typeof anomalyOf>[0]) => ({ ...anomalyOf({ opened_at: NOW - 60_000, ...changes }) });

describe('a score on demand', () => {
  it('is of now, from the newest reading', async () => {
    const score = await ask({ gpu_metrics: [reading()] });
    expect(score).toMatchObject({ ts: NOW, gpu_uuid: 'GPU-a', node: 'n1', health_grade: 'excellent' });
  });

  it('does not know a GPU that nobody has seen', async () => {
    expect(await ask({})).toBeNull();
    expect(await ask({ gpu_metrics: [reading()] }, { may_tell: (ts) => ts > NOW })).toBeNull();
  });

  it('is sure of less the older the reading is, and in the end of nothing', async () => {
    const sure = async (age_ms: number) =>
      (await ask({ gpu_metrics: [reading({ ts: NOW - age_ms })] }))?.confidence ?? 0;
    expect(await sure(minutes(20))).toBeLessThan(await sure(5_000));
    expect(await ask({ gpu_metrics: [reading({ ts: NOW - days(3) })] })).toMatchObject({
      overall_score: null,
      health_grade: 'unknown',
    });
  });

  it.each(['node_silent', 'exporter_frozen'])('never reads %s of its node as health', async (type) => {
    const whole = { gpu_uuid: '', type, metric: '', severity: 'warning' } as const;
    const of = (node: string) => ({ gpu_metrics: [reading()], anomalies: [open({ ...whole, node, id: 'whole' })] });
    expect(await ask(of('n1'))).toMatchObject({
      overall_score: null,
      health_grade: 'unknown',
    });
    expect((await ask(of('n2')))?.overall_score).toBeGreaterThan(90);
  });

  it('leaves the anomalies of its neighbours to them', async () => {
    const neighbour = open({ id: 'lost', gpu_uuid: 'GPU-b', node: 'n1', severity: 'critical', type: 'gpu_lost' });
    const score = await ask({ gpu_metrics: [reading()], anomalies: [neighbour] });
    expect(score?.overall_score).toBeGreaterThan(90);
  });

  it('is that of the worst instance of a board, of those that are there', async () => {
    const instances = [
      reading({ instance: '1' }),
      reading({ instance: '2', row_remap_failed: 1 }),
      reading({ instance: '3', row_remap_failed: 1, gpu_temp_celsius: 99, ts: NOW - days(1) }),
    ];
    expect(await ask({ gpu_metrics: instances })).toMatchObject({ instance: '2' });
    const healed = instances.map((row) => ({ ...row, row_remap_failed: 0 }));
    expect((await ask({ gpu_metrics: healed }))?.overall_score).toBeGreaterThan(90);
  });
});
