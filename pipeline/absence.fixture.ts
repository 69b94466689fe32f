import { GroupStates } from '../operators/core/group-state.ts';
import { anyTimeTopology } from './any-time-topology.fixture.ts';
import { settableClock } from './clock.ts';
import { encodeScrape } from './contract/encode-scrape.ts';
import { rawSubject } from './contract/ids.ts';
import type { RawMessage } from './contract/message.ts';
import { METRIC_COUNT, type MetricName, metricIndex } from './contract/metrics.ts';
import type { Scrape } from './contract/scrape.ts';
import { Tables } from './resume.fixture.ts';
import { wireTopology } from './run-topology.ts';
import type { SinkItems } from './topology.ts';

export const START_MS = Date.UTC(2026, 0, 1);
export const MINUTE_MS = 60_000;

/** A scrape of a node of one calm GPU, as the i-th message of the stream; `change` what is else in it. */
export function calmScrape(node: string, ts: number, i: number, change: Partial<Scrape> = {}): RawMessage {
  const values = new Float64Array(METRIC_COUNT).fill(Number.NaN);
  const readings: Partial<Record<MetricName, number>> = {
    gpu_temp_celsius: 50 + (i % 3),
    power_watts: 60 + (i % 11),
    gpu_util_ratio: 0.5,
  };
  for (const [metric, value] of Object.entries(readings)) values[metricIndex(metric as MetricName)] = value;
  const who = { uuid: `GPU-${node}`, instance: '', model: 'Tesla T4', pci_bus_id: '3B', serial: '', slot: '0' };
  const gpus = [{ ...who, ts, values, xids: [], attribution: [] }];
  const counts = { refusals: [], blanks: 0, unknown_metrics: 0 };
  const data = encodeScrape({ node, ts, boot_epoch: 1, sequence: i, gpus, ...counts, ...change });
  const content_type = 'application/vnd.gpu-vitals.scrape';
  return { subject: rawSubject(node), data, content_type, position: i + 1, arrived_at: ts, event_time: ts };
}

/** What the default topology tells of messages, read in pieces: the tables, and anomalies as they came, by minute. */
export async function tell(
  messages: readonly RawMessage[],
  piece: number,
): Promise<{ tables: Map<string, string>; told: string[] }> {
  const tables = new Tables();
  const told: string[] = [];
  const wired = wireTopology<SinkItems>({
    topology: anyTimeTopology(),
    states: new GroupStates(),
    sinks: {
      ...tables.sinks,
      anomalies: {
        ...tables.sinks.anomalies,
        write(row) {
          const minute = Math.floor(((row.closed_at ?? row.ts) - START_MS) / MINUTE_MS);
          told.push(`${minute} ${row.type} ${row.severity} ${row.state} ${row.gpu_uuid || row.node}`);
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

/** The rows of a table, as they stand at the end. */
export const rowsOf = <T>(tables: ReadonlyMap<string, string>, table: string): T[] =>
  [...tables].flatMap(([key, row]) => (key.startsWith(`${table} `) ? [JSON.parse(row) as T] : []));
