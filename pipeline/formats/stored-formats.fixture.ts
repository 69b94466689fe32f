import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { GroupStates } from '../../operators/core/group-state.ts';
import { loadPriceBook } from '../../operators/decisions/price-book.ts';
import { DEFAULT_ANALYSIS } from '../analysis.ts';
import { Assets } from '../asset-book.ts';
import { settableClock } from '../clock.ts';
import type { VitalsError } from '../contract/errors.ts';
import { NO_MODELS } from '../contract/failure-model.ts';
import type { RawMessage } from '../contract/message.ts';
import { METRICS } from '../contract/metrics.ts';
import { minutes } from '../contract/time.ts';
import { decodeScrape } from '../contract/wire.ts';
import { cutBehind } from '../cut-messages.ts';
import { stream, Tables } from '../resume.fixture.ts';
import { fleetStateSpecs } from '../run-topology.ts';
import { runInOneThread } from '../running-topology.ts';
import { SnapshotFiles } from '../snapshot-files.ts';
import { Snapshots } from '../snapshots.ts';
import { fleetVitals, type SinkItems } from '../topology.ts';

/**
 * What releases have left on disks and in streams. A folder a release, written once with `WRITE_FORMATS=v0.1` and never
 * again: `messages.json.gz` (a stream as it was stored), `readings.json.gz` (what it says) and `snapshots/` (what its engine had written after `AT` of them).
 */
const FORMATS = fileURLToPath(new URL('.', import.meta.url));
/** Messages that the snapshots have behind them. */
export const AT = 200;

export const releases = (): string[] => readdirSync(FORMATS).filter((name) => /^v\d/.test(name));

/** Two nodes of the stream are enough: a snapshot has all columns of all steps, however few GPUs there are. */
function presentMessages(): RawMessage[] {
  const all = stream(7);
  const subjects = [...new Set(all.map(({ subject }) => subject))].slice(0, 2);
  return all
    .filter(({ subject }) => subjects.includes(subject))
    .slice(0, AT + 100)
    .map((message, i) => ({ ...message, position: i + 1 }));
}

interface StoredMessage extends Omit<RawMessage, 'data'> {
  readonly data: string;
}

export function storedMessagesOf(release: string): RawMessage[] {
  const text = gunzipSync(readFileSync(join(FORMATS, release, 'messages.json.gz'))).toString('utf8');
  return (JSON.parse(text) as StoredMessage[]).map((message) => ({
    ...message,
    data: Buffer.from(message.data, 'base64'),
  }));
}

/** What a message says, by the names of its metrics. */
export function readingsOf({ data }: Pick<RawMessage, 'data'>): unknown {
  const { node, ts, gpus } = decodeScrape(data);
  return {
    node,
    ts,
    gpus: gpus.map(({ uuid, model, values }) => ({
      uuid,
      model,
      values: Object.fromEntries(
        METRICS.flatMap(({ name }, m) => (Number.isNaN(values[m]) ? [] : [[name, values[m]] as const])),
      ),
    })),
  };
}

export const storedReadingsOf = (release: string): unknown =>
  JSON.parse(gunzipSync(readFileSync(join(FORMATS, release, 'readings.json.gz'))).toString('utf8'));

/** The snapshots of a release, unpacked into a folder. */
export function unpackSnapshots(release: string, to: string): void {
  const from = join(FORMATS, release, 'snapshots');
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    writeFileSync(join(to, basename(name, '.gz')), gunzipSync(readFileSync(join(from, name))));
  }
}

/** One life of today's engine over messages, from the snapshots in a folder on; answers from where it read. */
export async function liveOver(
  messages: readonly RawMessage[],
  dir: string,
  told: VitalsError[],
  tables = new Tables(),
): Promise<{ readonly from: number; readonly tables: Tables; readonly gpus: number }> {
  const states = new GroupStates();
  const topology = fleetVitals({
    ...DEFAULT_ANALYSIS,
    future_max: minutes(5),
    assets: new Assets(),
    models: NO_MODELS,
    prices: loadPriceBook(null),
  });
  const report = (error: VitalsError): number => told.push(error);
  const files = new SnapshotFiles(dir, report);
  const running = runInOneThread<SinkItems>({ topology, states, sinks: tables.sinks, files, clock: settableClock(0) });
  const snapshots = new Snapshots({ states, groups: running.groups, files, report });
  const from = await snapshots.restore(fleetStateSpecs(topology));
  const { gpus } = running;
  for (const part of cutBehind(messages.slice(from - 1), states.fleet.position)) running.push(part);
  await snapshots.complete(messages.length);
  await running.close();
  return { from, tables, gpus };
}

/** Writes today's formats as those of a release. */
export async function writeFormats(release: string): Promise<void> {
  const folder = join(FORMATS, release);
  if (existsSync(join(folder, 'messages.json.gz'))) throw new Error(`${release} is written already`);
  const messages = presentMessages();
  const stored = messages.map((message) => ({ ...message, data: Buffer.from(message.data).toString('base64') }));
  mkdirSync(join(folder, 'snapshots'), { recursive: true });
  writeFileSync(join(folder, 'messages.json.gz'), gzipSync(JSON.stringify(stored), { level: 9 }));
  const readings = messages.map(readingsOf);
  writeFileSync(join(folder, 'readings.json.gz'), gzipSync(JSON.stringify(readings), { level: 9 }));
  const dir = mkdtempSync(join(tmpdir(), 'formats-'));
  await liveOver(messages.slice(0, AT), dir, []);
  for (const name of readdirSync(dir).filter((one) => !one.includes('.prev.'))) {
    writeFileSync(join(folder, 'snapshots', `${name}.gz`), gzipSync(readFileSync(join(dir, name)), { level: 9 }));
  }
  rmSync(dir, { recursive: true });
}
