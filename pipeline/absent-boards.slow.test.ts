import { describe, expect, it } from 'vitest';
import { GroupStates } from '../operators/core/group-state.ts';
import { loadPriceBook } from '../operators/decisions/price-book.ts';
import { DEFAULT_ANALYSIS } from './analysis.ts';
import { Assets } from './asset-book.ts';
import { settableClock } from './clock.ts';
import type { Alert } from './contract/alerts.ts';
import { encodeScrape } from './contract/encode-scrape.ts';
import type { Anomaly, HealthScore } from './contract/events.ts';
import { NO_MODELS } from './contract/failure-model.ts';
import { rawSubject } from './contract/ids.ts';
import type { RawMessage } from './contract/message.ts';
import { METRIC_COUNT, type MetricName, metricIndex } from './contract/metrics.ts';
import { Tables } from './resume.fixture.ts';
import { wireTopology } from './run-topology.ts';
import { fleetVitals, type SinkItems } from './topology.ts';

const START_MS = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;
const GONE = 20;
const BACK = 50;
const END = 70;

/** Two nodes of one GPU each, every ten seconds; the scrapes of one come without it for half an hour. */
const messages: readonly RawMessage[] = Array.from({ length: END * 12 }, (_, i): RawMessage => {
  const node = i % 2 === 0 ? 'n1' : 'n2';
  const ts = START_MS + Math.floor(i / 2) * 10_000;
  const minute = (ts - START_MS) / MINUTE_MS;
  const values = new Float64Array(METRIC_COUNT).fill(Number.NaN);
  const readings: Partial<Record<MetricName, number>> = {
    gpu_temp_celsius: 50 + (i % 3),
    power_watts: 60 + (i % 11),
    gpu_util_ratio: 0.5,
  };
  for (const [metric, value] of Object.entries(readings)) values[metricIndex(metric as MetricName)] = value;
  const who = { uuid: `GPU-${node}`, instance: '', model: 'Tesla T4', pci_bus_id: '3B', serial: '', slot: '0' };
  const gpus =
    node === 'n1' && minute >= GONE && minute < BACK ? [] : [{ ...who, ts, values, xids: [], attribution: [] }];
  const counts = { refusals: [], blanks: 0, unknown_metrics: 0 };
  const data = encodeScrape({ node, ts, boot_epoch: 1, sequence: i, gpus, ...counts });
  const content_type = 'application/vnd.gpu-vitals.scrape';
  return { subject: rawSubject(node), data, content_type, position: i + 1, arrived_at: ts, event_time: ts };
});

/** What a fleet of these nodes tells, read in pieces: the tables, and anomalies and alerts as they came. */
async function tell(piece: number): Promise<{ tables: Map<string, string>; told: string[] }> {
  const tables = new Tables();
  const told: string[] = [];
  const short = (minute: number, { gpu_uuid, node, severity, state }: Anomaly | Alert, what: string): void => {
    told.push(`${minute} ${what} ${severity} ${state} ${gpu_uuid || node}`);
  };
  const wired = wireTopology<SinkItems>({
    topology: fleetVitals({
      ...DEFAULT_ANALYSIS,
      future_max: null,
      assets: new Assets(),
      models: NO_MODELS,
      prices: loadPriceBook(null),
    }),
    states: new GroupStates(),
    sinks: {
      ...tables.sinks,
      anomalies: {
        ...tables.sinks.anomalies,
        write(row) {
          short(Math.floor(((row.closed_at ?? row.ts) - START_MS) / MINUTE_MS), row, row.type);
          tables.sinks.anomalies.write(row);
        },
      },
    },
    clock: settableClock(0),
  });
  for (let from = 0; from < messages.length; from += piece) wired.push(messages.slice(from, from + piece));
  await wired.flush();
  return { tables: tables.durable, told };
}

const rowsOf = <T>(tables: ReadonlyMap<string, string>, table: string): T[] =>
  [...tables].flatMap(([key, row]) => (key.startsWith(`${table} `) ? [JSON.parse(row) as T] : []));

describe('the only GPU of a node that its scrapes come without', () => {
  it('is lost, while its node is not silent', async () => {
    const { tables, told } = await tell(50);
    expect(told).toEqual([
      '21 gpu_lost warning open GPU-n1',
      '21 gpu_lost critical open GPU-n1',
      '50 gpu_lost critical closed GPU-n1',
    ]);
    const health = rowsOf<HealthScore>(tables, 'health').filter(({ gpu_uuid }) => gpu_uuid === 'GPU-n1');
    const during = health.filter(
      ({ ts }) => ts > START_MS + (GONE + 3) * MINUTE_MS && ts < START_MS + BACK * MINUTE_MS,
    );
    expect(during.every(({ health_grade }) => health_grade === 'critical' || health_grade === 'unknown')).toBe(true);
    const alerts = rowsOf<Alert>(tables, 'alert').filter(({ rule }) => rule === 'gpu_lost');
    expect(alerts.map(({ severity, state }) => `${severity} ${state}`)).toEqual([
      'warning open',
      'critical open',
      'critical closed',
    ]);
  });

  it('has no rows stored that nobody sent', async () => {
    const { tables } = await tell(50);
    const stored = [...tables.keys()].filter((key) => key.startsWith('metrics ') && key.endsWith(' GPU-n1'));
    expect(stored).toHaveLength((END - BACK + GONE) * 6);
  });

  it('is told alike however the stream is cut', async () => {
    const whole = await tell(97);
    for (const piece of [1, 2, 7, messages.length]) expect(await tell(piece), `${piece}`).toEqual(whole);
  });
});
