import { afterEach, describe, expect, it, vi } from 'vitest';
import { jsonEventSink } from '../pipeline/bus/json-event-sink.ts';
import { systemClock } from '../pipeline/clock.ts';
import type { Database } from '../pipeline/contract/database.ts';
import { VitalsError } from '../pipeline/contract/errors.ts';
import type { Anomaly } from '../pipeline/contract/events.ts';
import { GPU_HEALTH_SCORES } from '../pipeline/contract/verdict-tables.ts';
import { anomalyOf, jsonBytes } from '../sinks/live/fleet.fixture.ts';
import { memoryBus } from '../sinks/live/memory-bus.fixture.ts';
import { type FleetFeed, fleetFeed } from './fleet-feed.ts';
import { FleetView } from './fleet-view.ts';
import { rowOf } from './row-of.fixture.ts';

const feeds: FleetFeed[] = [];
afterEach(() => {
  for (const feed of feeds.splice(0)) feed.stop();
});

/** Tables of anomalies and scores, as they are when they are asked. */
function world(options: { away?: boolean } = {}) {
  const bus = memoryBus();
  const told: Anomaly[] = [];
  const view = new FleetView({ clock: systemClock, onAnomaly: (anomaly) => told.push(anomaly) });
  const tables = { anomalies: [] as Anomaly[], scores: [] as Record<string, unknown>[], away: options.away ?? false };
  let readings = 0;
  const database: Database = {
    async query<Row extends Record<string, unknown>>(sql: string, parameters: readonly unknown[] = []) {
      if (tables.away) throw new VitalsError('GV-API-003', 'The database does not answer', 'QuestDB');
      const state = parameters.find((one) => one === 'open' || one === 'closed');
      if (state === 'open') readings++;
      const { scores } = tables;
      if (sql.startsWith('SELECT max(ts)')) return [{ newest: scores.at(-1)?.ts ?? null }] as unknown as Row[];
      const since = Date.parse(String(parameters[0]));
      const rows: unknown[] = /FROM "?anomalies/.test(sql)
        ? tables.anomalies.filter((one) => one.state === state && (state === 'open' || parameters.includes(one.id)))
        : sql.includes(`"${GPU_HEALTH_SCORES.name}"`)
          ? scores.filter(({ ts }) => !(Number(ts) < since))
          : [];
      return rows.map((row) => ({ ...(row as Row) }));
    },
    close: async () => undefined,
  };
  const forgotten = vi.fn();
  const feed = fleetFeed({
    bus,
    database,
    view,
    clock: systemClock,
    rows: { apply: () => undefined, forget: forgotten },
    retry_ms: 5,
    again_after_ms: [5, 20],
  });
  feeds.push(feed);
  const ids = (): string[] =>
    view
      .openAnomalies()
      .map(({ id }) => id)
      .sort();
  /** All that is read because of the start has been. */
  const started = () => vi.waitFor(() => expect(readings).toBe(3));
  return { bus, told, view, tables, feed, forgotten, ids, started };
}
const of = (id: string, changes: Partial<Anomaly> = {}): Anomaly => anomalyOf({ gpu_uuid: 'GPU-a', id, ...changes });
const closed = (id: string): Anomaly => of(id, { state: 'closed', closed_at: of(id).opened_at + 1_000 });
const score = (overall_score: number): Record<string, unknown> =>
  rowOf(GPU_HEALTH_SCORES, { gpu_uuid: 'GPU-a', ts: systemClock.now(), overall_score, action: 'none' });

describe('what was told while nobody could hear it', () => {
  it('is read when the writer says that it could not tell', async () => {
    const { bus, tables, view, started, forgotten, ids } = world();
    tables.anomalies = [of('kept'), of('ends')];
    tables.scores = [score(90)];
    await started();
    expect(ids()).toEqual(['ends', 'kept']);
    const sink = jsonEventSink<Anomaly>(bus, 'anomalies');
    bus.online = false;
    sink.write(closed('ends'));
    sink.write(of('new'));
    tables.anomalies = [of('kept'), closed('ends'), of('new')];
    tables.scores = [score(12)];
    bus.online = true;
    await sink.flush();
    await vi.waitFor(() => expect(ids()).toEqual(['kept', 'new']));
    await vi.waitFor(() => expect(view.verdicts.health('GPU-a', '', Number.NaN)?.overall_score).toBe(12));
    expect(forgotten).toHaveBeenCalled();
  });

  it.each([2_000, 300, 0])('is read when this side was away for %i ms', async (away_ms) => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
    try {
      const { bus, tables, feed, ids } = world();
      tables.anomalies = [of('ends')];
      await feed.seeding;
      await vi.advanceTimersByTimeAsync(100);
      bus.online = false;
      tables.anomalies = [closed('ends')];
      await vi.advanceTimersByTimeAsync(away_ms);
      expect(ids()).toEqual(['ends']);
      bus.online = true;
      await vi.advanceTimersByTimeAsync(2_000);
      expect(ids()).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is read of a fleet that has stopped days ago, as it was then', async () => {
    const { tables, view, feed } = world({ away: true });
    tables.scores = [{ ...score(71), ts: systemClock.now() - 3 * 86_400_000 }];
    tables.away = false;
    await feed.seeding;
    expect(view.verdicts.health('GPU-a', '', Number.NaN)?.overall_score).toBe(71);
  });

  it('is tried again while the database is away, and once more for rows that were not there yet', async () => {
    const { bus, tables, started, ids } = world();
    await started();
    tables.away = true;
    bus.publish({ subject: 'vitals.missed.anomalies', data: new Uint8Array(0) });
    await new Promise((resolve) => setTimeout(resolve, 10));
    tables.anomalies = [of('late')];
    tables.away = false;
    await vi.waitFor(() => expect(ids()).toEqual(['late']));
  });

  it('tells nothing that is shown already, and nothing that the bus has closed meanwhile', async () => {
    const { bus, tables, told, started, ids } = world();
    tables.anomalies = [of('kept'), of('ends')];
    await started();
    told.length = 0;
    bus.publish({ subject: 'vitals.anomalies.n1.GPU-a', data: jsonBytes(closed('ends')) });
    tables.anomalies = [of('kept'), closed('ends'), of('marker')];
    bus.publish({ subject: 'vitals.missed.anomalies', data: new Uint8Array(0) });
    await vi.waitFor(() => expect(ids()).toEqual(['kept', 'marker']));
    expect(told.map(({ id, state }) => `${id} ${state}`)).toEqual(['ends closed', 'marker open']);
  });

  it('is found also when the table did not know it at the start either', async () => {
    const { tables, feed, ids } = world();
    tables.anomalies = [of('ends')];
    await feed.seeding;
    expect(ids()).toEqual(['ends']);
    tables.anomalies = [closed('ends')];
    await vi.waitFor(() => expect(ids()).toEqual([]));
  });

  it('does not take the place of what was heard since', async () => {
    const { bus, tables, view, started, ids } = world();
    tables.anomalies = [of('grows'), of('ends')];
    await started();
    bus.publish({ subject: 'vitals.missed.anomalies', data: new Uint8Array(0) });
    const tell = (row: Anomaly) => bus.publish({ subject: 'vitals.anomalies.n1.GPU-a', data: jsonBytes(row) });
    tell(of('grows', { severity: 'critical' }));
    tell(closed('ends'));
    tables.anomalies = [of('grows'), of('ends'), of('marker')];
    await vi.waitFor(() => expect(ids()).toEqual(['grows', 'marker']));
    expect(view.openAnomalies().find(({ id }) => id === 'grows')?.severity).toBe('critical');
  });

  it('leaves an anomaly alone that the table does not know yet', async () => {
    const { bus, tables, started, ids } = world();
    await started();
    bus.publish({ subject: 'vitals.anomalies.n1.GPU-a', data: jsonBytes(of('young')) });
    tables.anomalies = [of('marker')];
    bus.publish({ subject: 'vitals.missed.anomalies', data: new Uint8Array(0) });
    await vi.waitFor(() => expect(ids()).toEqual(['marker', 'young']));
  });
});
