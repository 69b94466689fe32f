import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { loadPriceBook } from '../../../operators/decisions/price-book.ts';
import { DEFAULT_ANALYSIS } from '../../analysis.ts';
import { systemClock } from '../../clock.ts';
import { NO_MODELS } from '../../contract/failure-model.ts';
import { GPU_METRICS, ROLLUPS, TABLES } from '../../contract/tables.ts';
import { runReplay } from '../run-replay.ts';
import type { Summary } from '../summary.ts';

/**
 * Captures of ours and the rows that they must give: `<scenario>/in`, and `<scenario>/out` with missing readings left out.
 * `npx vitest run pipeline/replay/golden -u` writes `out` anew; what it changes is then read, line by line, against `in`.
 */
const SCENARIOS = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const ROLLUP_TABLES = ROLLUPS.map(({ name }) => name);
/** What a scenario is about, where it is not samples and refusals. */
const ABOUT: Readonly<Record<string, readonly string[]>> = {
  step: ['anomalies', 'dead_letters'],
  resets: ['gpu_metrics', ...ROLLUP_TABLES],
  'late-rows': ['gpu_metrics', 'dead_letters', ...ROLLUP_TABLES],
};

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

async function replay(scenario: string): Promise<{ out: string; summary: Summary }> {
  const out = mkdtempSync(join(tmpdir(), 'gpu-vitals-golden-'));
  folders.push(out);
  const summary = await runReplay({
    models: NO_MODELS,
    prices: loadPriceBook(null),
    path: join(import.meta.dirname, scenario, 'in'),
    out,
    format: 'auto',
    interval_ms: 10_000,
    start_ms: Date.UTC(2026, 0, 1),
    assets: [],
    analysis: DEFAULT_ANALYSIS,
    clock: systemClock,
  });
  return { out, summary };
}

const linesOf = (out: string, file: string): string[] =>
  readFileSync(join(out, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '');

/** Rows are as wide as the catalogue, and hardly anything in them is there. */
const withoutMissing = (line: string): string =>
  JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(line) as object).filter(([, value]) => value !== null)));

const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);

describe.each(SCENARIOS)('%s', (scenario) => {
  it('gives the rows that were worked out by hand', async () => {
    const { out, summary } = await replay(scenario);
    for (const table of ABOUT[scenario] ?? ['gpu_metrics', 'dead_letters', 'anomalies']) {
      const lines = linesOf(out, `${table}.jsonl`);
      if (lines.length === 0) continue;
      const expected = join(import.meta.dirname, scenario, 'out', `${table}.jsonl`);
      await expect(`${lines.map(withoutMissing).join('\n')}\n`).toMatchFileSnapshot(expected);
    }
    const expected = join(import.meta.dirname, scenario, 'out', 'summary.json');
    await expect(`${JSON.stringify(summary, null, 2)}\n`).toMatchFileSnapshot(expected);
  });

  it('gives the same bytes twice, and a summary that adds up', async () => {
    const [first, second] = [await replay(scenario), await replay(scenario)];
    const files = readdirSync(first.out).sort();
    const tables = [...TABLES, ...ROLLUPS].map(({ name }) => name);
    expect(files).toEqual(
      [...tables, 'dead_letters']
        .map((name) => `${name}.jsonl`)
        .concat('summary.json')
        .sort(),
    );
    expect(Object.keys(first.summary.tables)).toEqual(tables.toSorted());
    expect(readdirSync(second.out).sort()).toEqual(files);
    for (const file of files) {
      expect(readFileSync(join(second.out, file)).equals(readFileSync(join(first.out, file))), file).toBe(true);
    }
    const { summary, out } = first;
    expect(JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8'))).toEqual(summary);
    expect(summary.rows_in).toBe(summary.rows_accepted + summary.rows_refused);
    expect(summary.tables.gpu_metrics).toBe(summary.rows_accepted);
    for (const [table, rows] of Object.entries(summary.tables)) {
      expect([table, linesOf(out, `${table}.jsonl`).length]).toEqual([table, rows]);
    }
    const { rows_refused, scrapes_refused, lines_refused, values_refused } = summary;
    expect(sum(summary.dead_letters)).toBe(linesOf(out, 'dead_letters.jsonl').length);
    expect(linesOf(out, 'dead_letters.jsonl').length).toBe(
      rows_refused + scrapes_refused + lines_refused + values_refused,
    );
    for (const line of linesOf(out, 'gpu_metrics.jsonl')) {
      const row = JSON.parse(line) as { ts: number };
      expect(Object.keys(row)).toEqual(GPU_METRICS.columns.map(({ name }) => name));
      expect(row.ts).toBeGreaterThanOrEqual(summary.first_ts ?? Number.NaN);
      expect(row.ts).toBeLessThanOrEqual(summary.last_ts ?? Number.NaN);
    }
  });
});
