import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../pipeline/clock.ts';
import { EVALUATE_QUICK, type Evaluation, evaluate } from '../evaluate.ts';
import type { FigureTable } from '../in-figures.ts';
import { printEvaluation } from '../print-evaluation.ts';
import { printMarkdown } from '../print-markdown.ts';
import type { PredictionReport } from './evaluate-prediction.ts';
import { foreignPredictionTables, realPredictionTables, simulatedPredictionTables } from './prediction-tables.ts';

const DATA = join(import.meta.dirname, '../../../../shared/data');
const provenance = {
  at: '2026-01-05T00:00:00Z',
  seed: 1,
  commit: 'abc',
  command: 'npm run evaluate -- prediction',
  machine: { cpu: 'one', cores: 2, node: 'v20' },
  took_s: 60,
};
const quick = (data: string): Promise<Evaluation> =>
  evaluate({ ...EVALUATE_QUICK, parts: ['prediction'], clock: systemClock, data, say: () => undefined });

const rectangular = ({ header, rows }: FigureTable): void => {
  for (const row of rows) expect(row).toHaveLength(header.length);
};

describe('predictions, quickly', { timeout: 240_000 }, () => {
  it('are judged on simulated fleets, and say so wherever a figure stands', async () => {
    const evaluation = await quick(join(DATA, 'nowhere'));
    const report = evaluation.prediction as PredictionReport;
    expect([evaluation.simulated, evaluation.nab, evaluation.storm]).toEqual([null, null, null]);
    expect(report).toMatchObject({ titan: null, disks: null, cmapss: null });
    expect(report.skipped.disks).toBe('disks/ of the check data: not there');
    expect(report.model).toMatch(/simulated/);

    const tables = simulatedPredictionTables(report);
    expect(tables.length).toBeGreaterThan(6);
    for (const table of tables) {
      expect(table.title).toMatch(/^Simulated/);
      rectangular(table);
    }
    const week = report.simulated.fleet.horizons[0]?.reports ?? [];
    expect(week.map(({ model }) => model)).toEqual(['ensemble', 'heuristic']);
    for (const one of [...week, ...report.simulated.fleet.ablations]) {
      for (const figure of [one.auc, one.average_precision, one.brier]) {
        if (figure === null) continue;
        expect(figure.low).toBeGreaterThanOrEqual(0);
        expect(figure.high).toBeLessThanOrEqual(1);
        expect(figure.low).toBeLessThanOrEqual(figure.high);
      }
    }
    const markdown = printMarkdown(evaluation, provenance);
    expect(markdown).toContain('### Prediction: simulated');
    expect(markdown).not.toContain('### Prediction: real');
    expect(markdown).toContain('Left out: titan');
    const text = printEvaluation(evaluation);
    for (const { title } of tables) expect(text).toContain(title);
    expect(() => JSON.parse(JSON.stringify(evaluation))).not.toThrow();
  });

  it.skipIf(!existsSync(DATA))('and on real data, apart (skipped without ../shared/data)', async () => {
    const evaluation = await quick(DATA);
    const report = evaluation.prediction as PredictionReport;
    expect(Object.keys(report.skipped)).toEqual(['titan']);
    const boosting = report.disks?.reports.find(({ model }) => model === 'boosting');
    expect(report.disks).toMatchObject({ drive_days: 868_524, failures: 120 });
    expect(boosting?.auc?.value).toBeGreaterThan(0.8);
    expect(report.cmapss).toMatchObject({ train_engines: 100, test_engines: 100 });
    expect(report.cmapss?.rmse).toBeLessThan(report.cmapss?.published_rmse ?? 0);
    for (const table of realPredictionTables(report)) {
      expect(table.title).toMatch(/real/);
      rectangular(table);
    }
    foreignPredictionTables(report).forEach(rectangular);
    const markdown = printMarkdown(evaluation, provenance);
    const [simulated, real, foreign] = ['simulated', 'real', 'simulated by others'].map((name) =>
      markdown.indexOf(`### Prediction: ${name}\n`),
    ) as [number, number, number];
    expect(simulated).toBeGreaterThan(0);
    expect(real).toBeGreaterThan(simulated);
    expect(foreign).toBeGreaterThan(real);
    expect(markdown.slice(real, foreign)).not.toMatch(/Simulated/);
  });
});
