import { utcMinute } from '../evidence-plot.ts';
import type { AvailabilityRow, BoardAvailability } from './availability.ts';
import { AVAILABILITY_TERMS } from './availability-terms.ts';
import type { Interval } from './intervals.ts';
import { reportPage } from './report-page.ts';

const HOUR_MS = 3_600_000;
const NONE = '\u2013';
const WORST_MAX = 50;
const CAUSES = { gpu_lost: 'lost', node_silent: 'node silent', episode: 'critical episode' } as const;

const hours = (ms: number | null): string => (ms === null ? NONE : (ms / HOUR_MS).toFixed(ms < HOUR_MS ? 3 : 1));
/** Never rounded up to a target that was missed. */
const percent = (ratio: number | null): string =>
  ratio === null ? NONE : `${(Math.floor(ratio * 1e5) / 1e3).toFixed(3)} %`;

/** Availability as a printable page. Pure. */
export function availabilityPage(report: {
  readonly month: string;
  readonly by: string;
  readonly sla: number;
  readonly made_at: number;
  readonly period: Interval;
  readonly rows: readonly AvailabilityRow[];
  /** Of the last month told of. */
  readonly boards: readonly BoardAvailability[];
}): string {
  const { month, by, sla, made_at, period, rows, boards } = report;
  const worst = boards
    .filter(({ down_ms }) => down_ms > 0)
    .sort((a, b) => b.down_ms - a.down_ms)
    .slice(0, WORST_MAX);
  return reportPage({
    title: `Availability ${by === 'month' ? `up to ${month}` : month}, by ${by === 'gpu' ? 'GPU' : by}`,
    lead: [
      `Made ${utcMinute(made_at)} from what was stored of ${utcMinute(period.from)} to ${utcMinute(period.to)}. All times are UTC.`,
      `Target: ${percent(sla)} of the time in service.`,
    ],
    sections: [
      {
        name: 'Summary',
        empty: 'No board was in service in this time.',
        table: {
          heads: [
            by === 'gpu' ? 'GPU' : by,
            'GPUs',
            'In service, h',
            'Down, h',
            'Availability',
            'Target',
            'Breaches',
            'Failures',
            'MTTR, h',
            'MTBF, h',
            'Down now',
          ],
          numeric: [1, 2, 3, 4, 6, 7, 8, 9, 10],
          rows: rows.map((row) => [
            row.group || NONE,
            String(row.gpus),
            hours(row.in_service_ms),
            hours(row.down_ms),
            percent(row.availability),
            row.met === null ? NONE : row.met ? 'met' : 'missed',
            String(row.breaches),
            String(row.failures),
            hours(row.mttr_ms),
            hours(row.mtbf_ms),
            String(row.down_now),
          ]),
        },
      },
      {
        name: `Boards that were down longest in ${month}`,
        empty: 'No board was down in this time.',
        table: {
          heads: [
            'GPU',
            'Node',
            'Owner',
            'Tenant',
            'Down, h',
            'Availability',
            'Failures',
            'Longest, h',
            'since',
            'Why',
          ],
          numeric: [4, 5, 6, 7],
          rows: worst.map(({ board, down_ms, in_service_ms, failures, longest }) => [
            board.gpu_uuid,
            board.node || NONE,
            board.owner || NONE,
            board.tenant || NONE,
            hours(down_ms),
            percent((in_service_ms - down_ms) / in_service_ms),
            String(failures),
            hours(longest?.down_ms ?? null),
            utcMinute(longest?.from ?? null),
            longest === null ? NONE : CAUSES[longest.cause],
          ]),
        },
      },
    ],
    terms: AVAILABILITY_TERMS,
  });
}
