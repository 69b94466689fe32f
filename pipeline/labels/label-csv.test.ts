import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FAILURE_TYPES, type FailureLabel } from '../contract/predictions.ts';
import { formatLabelsCsv, labelsOf, parseLabelsCsv, problemText } from './label-csv.ts';
import { LABEL_STATES } from './label-facts.ts';

const NOW = Date.UTC(2026, 0, 1);
const NODES = new Map([
  ['GPU-1', 'n1'],
  ['GPU-2', 'n2'],
]);

describe('failures as CSV', () => {
  it('reads rows with what is left out, and looks up the node', () => {
    const table = parseLabelsCsv(
      'failed_at,gpu_uuid,type\n2025-12-01T06:00:00Z,GPU-1,memory\n2025-12-02,GPU-2,other\n',
    );
    expect(labelsOf(table, NODES, NOW)).toEqual({
      problems: [],
      labels: [
        {
          ts: Date.UTC(2025, 11, 1, 6),
          failed_at: Date.UTC(2025, 11, 1, 6),
          gpu_uuid: 'GPU-1',
          node: 'n1',
          type: 'memory',
          source: 'csv',
          note: '',
          status: 'confirmed',
        },
        expect.objectContaining({ gpu_uuid: 'GPU-2', node: 'n2', type: 'other' }),
      ],
    });
  });

  it('names everything that is wrong by line and column, and keeps the good rows', () => {
    const text = [
      'gpu_uuid,failed_at,type,status,note',
      'GPU-1,2025-12-01,memory,,fine',
      'GPU-1,yesterday,melted,maybe,',
      'GPU-9,2025-12-01,memory,,',
      'GPU-2,2027-01-01,memory,,',
      'GPU-2,1985-01-01,power,,',
      'GPU-2,2025-12-03,power,,,6',
      'GPU-1,2025-12-01T00:00:00Z,thermal,,again',
      'GPU-2,2025-12-04,power,rejected,"two\nlines"',
      ',2025-12-04,power,,',
      'GPU-2,2025-12-05,power,,"open',
    ].join('\n');
    const { labels, problems } = labelsOf(parseLabelsCsv(text), NODES, NOW);
    expect(labels.map(({ gpu_uuid, status, note }) => [gpu_uuid, status, note])).toEqual([
      ['GPU-1', 'confirmed', 'fine'],
      ['GPU-2', 'rejected', 'two\nlines'],
    ]);
    expect(problems.map(problemText)).toEqual([
      'line 3, failed_at: must be an ISO 8601 time',
      'line 3, type: must be memory, thermal, power or other',
      'line 3, status: must be confirmed, suggested or rejected',
      'line 4, gpu_uuid: no GPU GPU-9 is known',
      'line 5, failed_at: lies in the future of 2026-01-01T00:00:00.000Z',
      'line 6, failed_at: lies before 2006-01-01T00:00:00.000Z',
      'line 7: 6 cells under 5 columns',
      'line 8, failed_at: this failure is on line 2 already',
      'line 11, gpu_uuid: is missing',
      'line 12: a quote is not closed',
    ]);
  });

  it.each([
    ['', 'line 1: there is no header'],
    ['gpu_uuid,type\nGPU-1,memory', 'line 1, failed_at: the column is missing'],
    ['gpu_uuid,failed_at,type,type\n', 'line 1, type: the column is there twice'],
    ['gpu_uuid,failed_at,type,colour\n', 'line 1, colour: there is no such column'],
  ])('refuses the header of %j', (text, problem) => {
    const table = parseLabelsCsv(text);
    expect([table.rows, table.problems.map(problemText)]).toEqual([[], [problem]]);
  });

  it('reads what it writes', () => {
    const label = fc.record({
      gpu_uuid: fc.constantFrom('GPU-1', 'GPU-2'),
      failed_at: fc.integer({ min: Date.UTC(2010, 0, 1), max: NOW }),
      type: fc.constantFrom(...FAILURE_TYPES),
      source: fc.constantFrom('hand', 'csv', 'rma', 'episode', 'vendor portal'),
      note: fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', "'", 'é', '=') }).map((text) => text.trim()),
      status: fc.constantFrom(...LABEL_STATES),
    });
    const labels = fc.uniqueArray(label, { selector: ({ gpu_uuid, failed_at }) => `${gpu_uuid} ${failed_at}` });
    fc.assert(
      fc.property(labels, (given) => {
        const rows: FailureLabel[] = given.map((one) => ({
          ts: one.failed_at,
          node: NODES.get(one.gpu_uuid) ?? '',
          ...one,
        }));
        expect(labelsOf(parseLabelsCsv(formatLabelsCsv(rows)), NODES, NOW)).toEqual({ labels: rows, problems: [] });
      }),
      { seed: 5, numRuns: 200 },
    );
  });
});
