import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createSummaryCollector, writeSummary } from './summary.ts';

it('adds up rows, refusals by level and reason, tables and times', () => {
  const collector = createSummaryCollector();
  collector.rows({ rows: 2, ts: Float64Array.of(200, 100, 999) });
  collector.rows({ rows: 1, ts: Float64Array.of(300) });
  for (const level of ['row', 'row', 'value', 'line', 'scrape'] as const) {
    collector.deadLetter({ level, reason: level === 'row' ? 'no_time' : 'late' });
  }
  for (const blanks of [3, 4]) collector.passedOver({ blanks, unknown_metrics: 4 });
  const summary = collector.summary({ gpu_metrics: 3, anomalies: 1 });
  expect(summary).toEqual({
    rows_in: 5,
    rows_accepted: 3,
    rows_refused: 2,
    scrapes_refused: 1,
    lines_refused: 1,
    values_refused: 1,
    blanks: 7,
    unknown_metrics: 8,
    dead_letters: { late: 3, no_time: 2 },
    tables: { anomalies: 1, gpu_metrics: 3 },
    first_ts: 100,
    last_ts: 300,
  });
  expect(Object.keys(summary.tables)).toEqual(['anomalies', 'gpu_metrics']);
  expect(createSummaryCollector().summary({})).toMatchObject({ rows_in: 0, first_ts: null, last_ts: null });

  const directory = mkdtempSync(join(tmpdir(), 'summary-'));
  try {
    writeSummary(directory, summary);
    expect(JSON.parse(readFileSync(join(directory, 'summary.json'), 'utf8'))).toEqual(summary);
    expect(() => writeSummary(join(directory, 'missing'), summary)).toThrow(/cannot be written/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
