import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../pipeline/clock.ts';
import { STORY_KINDS } from '../fleet/stories/story-kinds.ts';
import { DEFAULT_PARTS, EVALUATE_QUICK, type Evaluation, evaluate } from './evaluate.ts';
import { printEvaluation } from './print-evaluation.ts';
import { printMarkdown } from './print-markdown.ts';
import { evaluateSimulated, type SimulatedReport } from './simulated.ts';

const DATA = join(import.meta.dirname, '../../../shared/data');
const provenance = {
  at: '2026-01-05T00:00:00Z',
  seed: 1,
  commit: 'abc',
  command: 'npm run evaluate',
  machine: { cpu: 'one', cores: 2, node: 'v20' },
  took_s: 60,
};
const silent = (): void => undefined;
const quick = (data: string): Promise<Evaluation> =>
  evaluate({ ...EVALUATE_QUICK, parts: DEFAULT_PARTS, clock: systemClock, data, say: silent });
const ratio = (value: number | null): boolean => value === null || (value >= 0 && value <= 1);

describe('quick evaluation', { timeout: 60_000 }, () => {
  it('has every story, every look-alike and every GPU-day in it', async () => {
    const evaluation = await quick(DATA);
    const report = evaluation.simulated as SimulatedReport;
    const faults = STORY_KINDS.filter(({ category }) => category !== 'benign').map(({ name }) => name);
    const benign = STORY_KINDS.filter(({ category }) => category === 'benign').map(({ name }) => name);
    expect(report.stories.map(({ story }) => story)).toEqual(faults);
    expect(report.false_alarms.map(({ where }) => where)).toEqual(['clean', ...benign.toSorted(), 'beside']);
    expect(report.rows).toBeGreaterThan(150_000);
    const gpu_days = report.false_alarms.reduce((sum, one) => sum + one.gpu_days, 0);
    expect(gpu_days).toBeLessThan(EVALUATE_QUICK.gpus * EVALUATE_QUICK.days);
    expect(gpu_days).toBeGreaterThan(0.85 * EVALUATE_QUICK.gpus * EVALUATE_QUICK.days);

    for (const one of report.stories) {
      const shares = [one.detected_ratio, one.critical_ratio, one.warned_before_failure_ratio, one.luck_ratio];
      expect(shares.every(ratio), one.story).toBe(true);
      expect(one.critical_ratio).toBeLessThanOrEqual(one.detected_ratio);
      expect(one.detected_ratio > 0).toBe(one.delay_p50_s !== null);
      expect(one.delay_p50_s ?? 0).toBeGreaterThanOrEqual(0);
      expect(one.delay_p90_s ?? 0).toBeGreaterThanOrEqual(one.delay_p50_s ?? 0);
      const first = Object.values(one.first_seen_by).reduce((sum, n) => sum + n, 0);
      expect(first).toBeGreaterThanOrEqual(Math.round(one.detected_ratio * one.instances));
    }
    for (const { by_type, count } of report.false_alarms) {
      const by = (severity: 'info' | 'warning' | 'critical'): number =>
        Object.values(by_type).reduce((sum, counts) => sum + counts[severity], 0);
      expect({ info: by('info'), warning: by('warning'), critical: by('critical') }).toEqual(count);
    }
    expect(report.stories.some((one) => one.detected_ratio > 0)).toBe(true);
    expect(report.stories.find(({ story }) => story === 'util_garbage')?.told_ratio['refused value']).toBe(1);
    expect(report.refused.values).toBeGreaterThan(0);
    const off = report.detectors.filter(({ on }) => !on).map(({ detector }) => detector);
    expect(off.toSorted()).toEqual(['density', 'reconstruction']);
    expect(Object.keys(report.cost.optional_s_per_million_rows)).toEqual(off);
    expect(report.cost.cpu_s_per_million_rows).toBeGreaterThan(0);

    const text = printEvaluation(evaluation);
    const markdown = printMarkdown(evaluation, provenance);
    for (const name of [...faults, ...benign, ...off]) expect(markdown).toContain(`| ${name} |`);
    expect(markdown).toContain('2026-01-05, seed 1, commit abc, `npm run evaluate`');
    expect(markdown.includes('### Real')).toBe(existsSync(DATA));
    for (const name of [...faults, ...benign]) expect(text).toContain(name);
    expect(() => JSON.parse(JSON.stringify(evaluation))).not.toThrow();
    expect(evaluation.skipped).toEqual(existsSync(DATA) ? {} : expect.objectContaining({ nab: expect.anything() }));
  });

  it('gives the same figures for the same seed, others for another', async () => {
    const small = { gpus: 64, days: 0.1, say: silent };
    const figures = async (seed: number) => ({ ...(await evaluateSimulated({ ...small, seed })), cost: null });
    const once = await figures(3);
    expect(await figures(3)).toEqual(once);
    expect(await figures(4)).not.toEqual(once);
  });

  it('says why a part was left out', async () => {
    const { nab, captures, simulated, skipped } = await evaluate({
      ...EVALUATE_QUICK,
      clock: systemClock,
      parts: ['nab', 'captures'],
      data: join(DATA, 'nowhere'),
      say: silent,
    });
    expect([nab, captures, simulated]).toEqual([null, null, null]);
    expect(skipped).toEqual({
      nab: 'nab/ of the check data: not there',
      captures: 'telemetry/, dcgm-exporter/ of the check data: not there',
    });
  });
});
