import { describe, expect, it } from 'vitest';
import { START_MS } from '../core/laws.fixture.ts';
import { type Entry, MINUTE_MS, run } from './health.fixture.ts';
import { vectorOf, WELL } from './observations.fixture.ts';

const SEEN = ['memory', 'thermal', 'performance', 'power'] as const;
/** What a hung driver leaves in a row. */
const CODES = { xid_last: 119, recovery_action: 0, throttle_reasons: 0 };
const FEATURES = Object.fromEntries(Object.entries(WELL).filter(([name]) => /_(\d+[hd]|count|seconds)$/.test(name)));

const at = (vector: number, known: Readonly<Record<string, number>>): Entry => ({
  input: 'vectors',
  item: vectorOf(known, { ts: START_MS + 5 * vector * MINUTE_MS, final: true }),
});
const confidences = (rows: readonly Readonly<Record<string, number>>[]): Record<string, number>[] =>
  run(rows.map((known, i) => at(i, known))).map((score) =>
    Object.fromEntries(SEEN.map((dimension) => [dimension, score[`${dimension}_confidence`]])),
  );

describe('rows that have lost most readings', () => {
  it.each([
    ['codes only', { ...FEATURES, ...CODES }],
    ['codes and what never changes', { ...FEATURES, ...CODES, pcie_max_link_gen: 5, pcie_max_link_width: 16 }],
  ])('leave the board unknown after ten minutes, although they come: %s', (_, hollow) => {
    const [whole, first, second, third, ...later] = confidences([WELL, ...Array.from({ length: 14 }, () => hollow)]);
    expect(first).toEqual(whole);
    expect(second).toEqual(whole);
    const none = { memory: 0, thermal: 0, performance: 0, power: 0 };
    expect([third, ...later]).toEqual(Array.from({ length: 12 }, () => none));
    const told = run([at(0, WELL), ...Array.from({ length: 4 }, (_, i) => at(i + 1, hollow))]);
    expect(told.at(-1)).toMatchObject({ overall_score: null, health_grade: 'unknown' });
  });

  it('count again when they are whole', () => {
    const hollow = { ...FEATURES, ...CODES };
    const told = confidences([WELL, hollow, hollow, hollow, hollow, WELL]);
    expect(told.at(-1)).toEqual(told[0]);
  });

  it('keep what is left', () => {
    const { gpu_temp_celsius, power_watts } = WELL as { gpu_temp_celsius: number; power_watts: number };
    const left = { ...FEATURES, ...CODES, gpu_temp_celsius, power_watts };
    const told = confidences([WELL, left, left, left, left]);
    expect(told.at(-1)).toMatchObject({ memory: 0, performance: 0 });
    expect(told.at(-1)?.thermal).toBeGreaterThan(0.5);
    expect(told.at(-1)?.power).toBeGreaterThan(0.5);
  });

  it('say nothing where a source of few readings is all that was ever seen in the newest row', () => {
    const few = { ...FEATURES, sm_active_ratio: 0.5, gr_engine_active_ratio: 0.9 };
    const [first, ...later] = confidences(Array.from({ length: 8 }, () => few));
    expect(first?.thermal).toBeGreaterThan(0.5);
    expect(later).toEqual(later.map(() => first));
  });
});
