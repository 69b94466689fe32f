import { describe, expect, it } from 'vitest';
import { GroupStates } from '../operators/core/group-state.ts';
import { loadPriceBook } from '../operators/decisions/price-book.ts';
import { DEFAULT_ANALYSIS } from './analysis.ts';
import { Assets } from './asset-book.ts';
import { settableClock } from './clock.ts';
import type { Alert } from './contract/alerts.ts';
import { encodeScrape } from './contract/encode-scrape.ts';
import type { Anomaly, Episode, Incident } from './contract/events.ts';
import { NO_MODELS } from './contract/failure-model.ts';
import { rawSubject } from './contract/ids.ts';
import type { RawMessage } from './contract/message.ts';
import { METRIC_COUNT, type MetricName, metricIndex } from './contract/metrics.ts';
import { Tables } from './resume.fixture.ts';
import { wireTopology } from './run-topology.ts';
import { fleetVitals, type SinkItems } from './topology.ts';

const START_MS = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;
const OFF = 60;
const ON = 240;
const END = ON + 32 * 60;

type Readings = Partial<Record<MetricName, number>>;
/** Who reports from the node at a minute, and from where: `uuid/instance slot`. */
const boards = (minute: number): Readonly<Record<string, Readings>> =>
  minute < OFF
    ? {
        'GPU-a 3B': minute < 30 ? {} : { row_remap_failed: 1 },
        'GPU-b 5E': {},
        'GPU-d/1 86': minute < 30 ? {} : { row_remap_pending: 1, row_remap_failed: 1 },
      }
    : { 'GPU-c 3B': {}, 'GPU-b 5E': {}, 'GPU-d 86': {} };

function scrape(minute: number, position: number): RawMessage {
  const node = 'n1';
  const ts = START_MS + minute * MINUTE_MS;
  const gpus = Object.entries(boards(minute)).map(([name, readings], i) => {
    const [gpu = '', pci_bus_id = ''] = name.split(' ');
    const [uuid = '', instance = ''] = gpu.split('/');
    const values = new Float64Array(METRIC_COUNT).fill(Number.NaN);
    const calm: Readings = {
      gpu_temp_celsius: 50 + ((minute + i) % 3),
      power_watts: 200 + ((minute * 7 + i) % 11),
      gpu_util_ratio: 0.5,
      row_remap_failed: 0,
      row_remap_pending: 0,
    };
    for (const [metric, value] of Object.entries({ ...calm, ...readings })) {
      values[metricIndex(metric as MetricName)] = value;
    }
    const model = 'NVIDIA H100 80GB HBM3';
    return { uuid, instance, model, pci_bus_id, serial: '', slot: '', ts, values, xids: [], attribution: [] };
  });
  const content_type = 'application/vnd.gpu-vitals.scrape';
  const counts = { refusals: [], blanks: 0, unknown_metrics: 0 };
  const data = encodeScrape({ node, ts, boot_epoch: 1, sequence: position, gpus, ...counts });
  return { subject: rawSubject(node), data, content_type, position, arrived_at: ts, event_time: ts };
}

async function tablesOf(messages: readonly RawMessage[], piece: number): Promise<Map<string, string>> {
  const tables = new Tables();
  const topology = fleetVitals({
    ...DEFAULT_ANALYSIS,
    future_max: null,
    assets: new Assets(),
    models: NO_MODELS,
    prices: loadPriceBook(null),
  });
  const wired = wireTopology<SinkItems>({
    topology,
    states: new GroupStates(),
    sinks: tables.sinks,
    clock: settableClock(0),
  });
  for (let from = 0; from < messages.length; from += piece) wired.push(messages.slice(from, from + piece));
  await wired.flush();
  return tables.durable;
}

/** The rows of a table as they stand. */
const rowsOf = <T>(tables: ReadonlyMap<string, string>, table: string): T[] =>
  [...tables].flatMap(([key, row]) => (key.startsWith(`${table} `) ? [JSON.parse(row) as T] : []));

describe('a board that is replaced, and one whose instances are gone', () => {
  const minutes = [
    ...Array.from({ length: OFF }, (_, minute) => minute),
    ...Array.from({ length: (END - ON) / 2 }, (_, i) => ON + 2 * i),
  ];
  const messages = minutes.map((minute, i) => scrape(minute, i + 1));

  it('leave nothing open: no anomaly, no episode, no incident, no alert', async () => {
    const tables = await tablesOf(messages, 50);
    const anomalies = rowsOf<Anomaly>(tables, 'anomalies');
    const short = anomalies.map(({ gpu_uuid, instance, type, state }) => [gpu_uuid, instance, type, state].join(' '));
    expect(short).toContain('GPU-a  row_remap_failed closed');
    expect(short).toContain('GPU-d 1 row_remap_pending closed');
    expect(short.filter((line) => line.endsWith(' open'))).toEqual([]);
    const explanation = (type: string): string | undefined => anomalies.find((one) => one.type === type)?.explanation;
    expect(explanation('row_remap_failed')).toMatch(
      /It no longer reports since 2026-01-01T00:59:00.000Z: GPU-c stands in its slot 3B\.$/,
    );
    expect(explanation('row_remap_pending')).toMatch(/since 2026-01-01T00:59:00.000Z: its board reports as a whole\.$/);

    const episodes = rowsOf<Episode>(tables, 'episode');
    expect(episodes.map(({ gpu_uuid, instance }) => gpu_uuid + instance).sort()).toEqual(['GPU-a', 'GPU-d1']);
    expect(episodes.filter(({ ended_at }) => ended_at === null)).toEqual([]);
    const incidents = rowsOf<Incident>(tables, 'incident');
    expect(incidents.length).toBeGreaterThan(0);
    expect(incidents.filter(({ state }) => state === 'open')).toEqual([]);
    const alerts = rowsOf<Alert>(tables, 'alert');
    const closed = alerts.filter(({ state }) => state === 'closed').map(({ id }) => id);
    expect(closed.length).toBeGreaterThan(0);
    expect(alerts.filter(({ id }) => !closed.includes(id))).toEqual([]);
  });

  it('do so however the stream is cut', async () => {
    expect([...(await tablesOf(messages, 1))].sort()).toEqual([...(await tablesOf(messages, 97))].sort());
  });
});
