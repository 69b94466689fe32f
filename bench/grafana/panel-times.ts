import { type Clock, systemClock } from '../../pipeline/clock.ts';
import { days, hours, minutes, seconds } from '../../pipeline/contract/time.ts';
import { connectDatabase } from '../../sinks/questdb/connect-database.ts';
import { asSent, type DashboardQuery, dashboardQueries } from './dashboard-queries.ts';
import { fillFleet } from './fill-fleet.ts';
import { gpuName } from './fill-tables.ts';

export interface PanelTimesOptions {
  /** Postgres address of an empty QuestDB. */
  readonly url: string;
  readonly gpus: number;
  /** Each statement so often; the median counts. */
  readonly rounds: number;
  /** Days of rollups, scores, predictions and decisions. */
  readonly days: number;
  /** CPU that the database has used so far, ms; NaN where the caller cannot tell. */
  readonly cpu_ms: () => number;
  readonly say: (line: string) => void;
  readonly clock?: Clock;
}

export interface PanelTime {
  readonly dashboard: string;
  readonly name: string;
  readonly range: string;
  readonly median_ms: number;
  readonly max_ms: number;
  /** Mean over the rounds: about the time that it takes where nothing else runs. */
  readonly cpu_ms: number;
  readonly rows: number;
}

const RANGES: readonly (readonly [name: string, span_ms: number])[] = [
  ['1 h', hours(1)],
  ['24 h', hours(24)],
  ['7 d', days(7)],
];

/**
 * How long each statement of the dashboards takes over an hour, a day and a week of a fleet with samples every 10 s, scores
 * every 15 minutes, predictions every 5, decisions every 30 and forecasts every 6 hours. Statements come one after the other.
 */
export async function panelTimes(options: PanelTimesOptions): Promise<readonly PanelTime[]> {
  const { clock = systemClock, gpus, say } = options;
  const database = connectDatabase({
    url: options.url,
    pool_size: 1,
    statement_timeout: minutes(20),
    connect_timeout: seconds(5),
  });
  try {
    const queries = dashboardQueries();
    const words = new Set(queries.flatMap(({ rawSql }) => rawSql.match(/[a-z][a-z0-9_]*/g) ?? []));
    const end = clock.now();
    const span_ms = days(options.days);
    await fillFleet(database, {
      gpus,
      end,
      samples: [{ span_ms: minutes(65), step_ms: seconds(10) }],
      rollups: { gpu_metrics_1m: hours(6), gpu_metrics_5m: hours(36), gpu_metrics_1h: span_ms },
      used: (name) => words.has(name),
      health: { span_ms, step_ms: minutes(15) },
      // A day of the week before is judged with what came after it.
      predictions: { span_ms: span_ms + days(7), step_ms: minutes(5) },
      decisions: { span_ms, step_ms: minutes(30) },
      forecasts: { span_ms, step_ms: hours(6) },
      say,
    });
    const times: PanelTime[] = [];
    for (const [range, width] of RANGES) {
      const shown = { from: end - width, to: end, one_gpu: gpuName(3) };
      for (const query of queries) {
        const sql = asSent(query, shown);
        const taken: number[] = [];
        let rows = 0;
        const cpu = options.cpu_ms();
        for (let round = 0; round < options.rounds; round++) {
          const started = clock.monotonic();
          rows = (await database.query(sql)).length;
          taken.push(clock.monotonic() - started);
        }
        taken.sort((a, b) => a - b);
        const median_ms = taken[taken.length >> 1] ?? 0;
        const cpu_ms = (options.cpu_ms() - cpu) / options.rounds;
        const max_ms = taken.at(-1) ?? 0;
        times.push({ dashboard: short(query), name: title(query), range, median_ms, max_ms, cpu_ms, rows });
        if (median_ms > 1_000) say(`${short(query)}, ${title(query)}, ${range}: ${Math.round(median_ms)} ms`);
      }
    }
    return times;
  } finally {
    await database.close();
  }
}

const short = ({ dashboard }: DashboardQuery): string => dashboard.replace('GPU vitals: ', '');
const title = ({ name, refId }: DashboardQuery): string => (refId === 'A' ? name : `${name} ${refId}`);
