import { expect } from 'vitest';
import { deskPosition } from '../bench/chaos/desk-position.ts';
import { createFleet, type Fleet } from '../bench/fleet/fleet.ts';
import type { TestServices } from '../deploy/services/services.fixture.ts';
import { connectDatabase } from '../sinks/questdb/connect-database.ts';
import { listDeadLetters } from './bus/dead-letters.ts';
import { ALERTS_STREAM } from './bus/ensure-streams.ts';
import { storedMessages as storedIn } from './bus/stored-messages.ts';
import { managerOf } from './bus/stream-manager.ts';
import { type CliRun, startCli, until } from './cli/cli.fixture.ts';
import { systemClock } from './clock.ts';
import type { Bus, OutgoingMessage } from './contract/bus.ts';
import { encodeScrape } from './contract/encode-scrape.ts';
import { VitalsError } from './contract/errors.ts';
import { rawSubject } from './contract/ids.ts';
import { TABLES } from './contract/tables.ts';
import { hours, minutes, seconds } from './contract/time.ts';
import type { TopologyReport } from './engine.ts';

const INTERVAL = seconds(10);
/** Scrapes of every node in `storedMessages`. */
export const INSTANTS = 300;

/**
 * Everything that the stream can hold: binary scrapes, exposition text, JSON rows, late ones, garbage, stories. It ends now:
 * of what arrives an hour late vectors, and all that follows from them, are told once an hour only.
 */
export function storedMessages(): OutgoingMessage[] {
  const start_ms = Math.floor(systemClock.now() / minutes(5)) * minutes(5) - INSTANTS * INTERVAL;
  const at = (instant: number): number => start_ms + instant * INTERVAL;
  const fleet: Fleet = createFleet({
    gpus: 48,
    seed: 11,
    start_ms,
    interval_ms: INTERVAL,
    // Of each kind of step one that has something to say: of a row, a board, boards of one node, one job, one domain, silence.
    stories: [
      { story: 'power_cap', gpu: 5, at_ms: at(120), duration_ms: minutes(15) },
      { story: 'dbe_row_remap', gpu: 2, at_ms: at(60), duration_ms: minutes(20) },
      { story: 'straggler', gpu: 11, at_ms: at(30), duration_ms: minutes(25) },
      { story: 'nvswitch_domain', gpu: 16, at_ms: at(60), duration_ms: minutes(15) },
      { story: 'driver_hang', gpu: 24, at_ms: at(150), duration_ms: minutes(18) },
      { story: 'cold_plate_decay', gpu: 36, at_ms: at(90), duration_ms: minutes(20) },
      { story: 'util_garbage', gpu: 33, at_ms: at(30), duration_ms: minutes(30) },
      { story: 'fallen_off_bus', gpu: 41, at_ms: at(100), duration_ms: minutes(10) },
    ],
  });
  const messages: OutgoingMessage[] = [];
  const add = (node: string, ts: number, type: string, data: Uint8Array | string): void => {
    const id = `${node}:${start_ms}:${messages.length}`;
    const headers = { 'Content-Type': type, 'Event-Time': String(ts), 'Nats-Msg-Id': id };
    messages.push({ subject: rawSubject(node), data: Buffer.from(data), headers });
  };
  const [asText = ''] = fleet.node_names;
  for (let i = 0; i < INSTANTS; i++) {
    for (const node of fleet.node_names) {
      if (node === asText) {
        const page = fleet.exposition(node, at(i), { timestamps: false });
        if (page !== null) add(node, at(i), 'text/plain', page);
        continue;
      }
      const scrape = fleet.scrape(node, at(i));
      if (scrape !== null) add(node, at(i), 'application/vnd.gpu-vitals.scrape', encodeScrape(scrape));
    }
    const row = { node: 'by-hand', gpu_uuid: 'GPU-by-hand', power_watts: 300 + (i % 7) };
    if (i % 5 === 0) add('by-hand', at(i), 'application/json', JSON.stringify({ ts: at(i), ...row }));
    if (i % 50 === 49) {
      add('by-hand', at(i), 'application/json', JSON.stringify({ ts: at(i) - hours(1), ...row }));
      add('broken', at(i), 'application/vnd.gpu-vitals.scrape', `GPVS and then nothing, ${i}`);
      add('broken', at(i), 'application/json', JSON.stringify({ ts: at(i), node: 'broken', power_watts: i }));
    }
  }
  return messages;
}

export type Databases = Pick<TestServices, 'questdb_http_url' | 'questdb_pg_url'>;

/** An engine as a process of its own, which snapshots and flushes much more often than usual. */
export async function startEngineProcess(options: {
  readonly data: string;
  readonly nats_url: string;
  readonly questdb: Databases;
  readonly threads?: number;
}): Promise<CliRun> {
  const { data, nats_url, questdb, threads = 1 } = options;
  const run = startCli([
    ...['engine', '--nats', nats_url, '--data', data, '--engine-threads', String(threads)],
    ...['--questdb', questdb.questdb_http_url, '--questdb-pg', questdb.questdb_pg_url],
    ...['--snapshot-interval', '150ms', '--flush-interval', '20ms'],
  ]);
  await run.until('it reads', () => /reads DCGM_RAW from \d+/.test(run.stderr()));
  return run;
}

/** The position from which an engine said that it reads. */
export const readsFrom = (run: CliRun): number => Number(/reads DCGM_RAW from (\d+)/.exec(run.stderr())?.[1]);

/** Waits until an engine reports this of itself. */
export async function reported(
  bus: Bus,
  run: CliRun,
  what: string,
  condition: (report: TopologyReport) => boolean,
): Promise<void> {
  let met = false;
  const subscription = bus.subscribe('vitals.topology.w0', ({ data }) => {
    met ||= condition(JSON.parse(Buffer.from(data).toString()) as TopologyReport);
  });
  await run.until(what, () => met);
  subscription.unsubscribe();
}

/** Waits until every group's snapshot is at least at a position: a round that is under way may have begun before it. */
export async function snapshotsFrom(bus: Bus, run: CliRun, position: number): Promise<void> {
  let round = Number.POSITIVE_INFINITY;
  await reported(bus, run, `snapshots from position ${position}`, (report) => {
    if (report.position >= position) round = Math.min(round, report.snapshots);
    return report.snapshots >= round + 2;
  });
}

/** Lets an engine work off the stream and its alerts, then ends it with SIGTERM. */
export async function finishEngine(bus: Bus, run: CliRun): Promise<void> {
  // What a snapshot has behind it is told, so that the desk has it to read.
  await snapshotsFrom(bus, run, (await bus.streamState('DCGM_RAW')).last_position);
  await deskCaughtUp(bus);
  run.kill('SIGTERM');
  expect(await run.exited).toMatchObject({ code: 0 });
}

/** Waits until the alert desk, whoever has it, has brought its table to the end of what was told. */
export async function deskCaughtUp(bus: Bus): Promise<void> {
  await until('alerts are in their table', () =>
    whenLed(async () => (await deskPosition(bus)) >= (await bus.streamState(ALERTS_STREAM)).last_position),
  );
}

/** Forgets what was told of the stream, for another one to tell it anew. */
export async function forgetTold(bus: Bus): Promise<void> {
  const jsm = await managerOf(bus);
  for (const stream of ['DCGM_INVALID', ALERTS_STREAM, 'KV_GPU_VITALS_ALERT_DESK']) await jsm.streams.delete(stream);
}

/** Every row of every table as text, sorted; twice the same row is two lines. */
export async function allTables(bus: Bus, questdb: Databases): Promise<Record<string, string[]>> {
  const database = connectDatabase({
    url: questdb.questdb_pg_url,
    pool_size: 1,
    statement_timeout: seconds(60),
    connect_timeout: seconds(5),
  });
  const out: Record<string, string[]> = {};
  for (const { name: table } of TABLES) {
    await database.query(`SELECT wait_wal_table('${table}')`);
    const rows = await database.query(`SELECT * FROM ${table}`);
    out[table] = rows.map((row) => JSON.stringify(row)).sort();
  }
  await database.close();
  out.dead_letters = await whenLed(async () => {
    const letters: string[] = [];
    for await (const { position: _, arrived_at: __, ...letter } of listDeadLetters(bus))
      letters.push(JSON.stringify(letter));
    return letters.sort();
  });
  out.alerts_told = await whenLed(async () => {
    const told: string[] = [];
    for await (const { subject, data } of storedIn(bus, ALERTS_STREAM, { subject: 'alerts.>', from: 1 })) {
      told.push(`${subject} ${Buffer.from(data).toString('utf8')}`);
    }
    return told.sort();
  });
  return out;
}

/** Reads again while servers that were cut off a moment ago still choose who leads, or answer nobody. */
async function whenLed<T>(read: () => Promise<T>): Promise<T> {
  for (let left = 60; ; left--) {
    try {
      return await read();
    } catch (error) {
      const leaderless = error instanceof VitalsError && /temporarily unavailable|: timeout$/.test(error.message);
      if (!leaderless || left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}
