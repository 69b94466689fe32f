import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createGzip } from 'node:zlib';
import { columnsOf, type RowExport, slicesOf } from '../../sinks/questdb/export-rows.ts';
import { readTableStates } from '../../sinks/questdb/table-states.ts';
import { ownStreams, saveStream } from '../bus/stream-copy.ts';
import type { Clock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import type { Database } from '../contract/database.ts';
import { VitalsError } from '../contract/errors.ts';
import { TABLES } from '../contract/tables.ts';
import { backupWriter, emptyFolder, syncFolder, writeWhole } from './backup-files.ts';
import { CLUSTER_BUCKETS, copyStates } from './cluster-states.ts';
import { BACKUP_VERSION, type BackupManifest, MANIFEST_FILE } from './manifest.ts';
import { copySnapshots } from './snapshot-copies.ts';

export interface BackUpOptions {
  readonly dir: string;
  readonly bus: Bus;
  readonly database: Database;
  readonly rows: RowExport;
  /** Folder of the engine's snapshots. */
  readonly snapshots: string;
  /** What is in effect, without secrets. */
  readonly config: unknown;
  readonly release: string;
  readonly clock: Clock;
  readonly say: (line: string) => void;
  /** Rows a file. */
  readonly rows_max?: number;
}

const ROWS_MAX = 500_000;
const BUCKET = /^(KV|OBJ)_/;
const LF = 0x0a;

/**
 * Saves everything of an installation that runs or not: buckets, snapshots, tables, streams, in this order. So tables hold
 * all that the snapshots' positions say was written, and the streams hold all that comes behind these positions: a restored
 * engine goes on from its position and writes the rest again, over the same rows. The manifest is written last: without it
 * there is no backup. Holds a few chunks. Throws VitalsError.
 */
export async function backUp(options: BackUpOptions): Promise<BackupManifest> {
  const { dir, bus, database, clock, say } = options;
  await emptyFolder(dir);
  const started_at = clock.now();
  const suspended = (await readTableStates(database)).filter((table) => table.suspended).map(({ name }) => name);
  if (suspended.length > 0) {
    const action = 'Mend it first: `gpu-vitals doctor` says how.';
    throw new VitalsError('GV-SNK-003', `suspended: ${suspended.join(', ')}`, 'QuestDB', { action });
  }
  const found = await ownStreams(bus);
  const streams: BackupManifest['streams'] = [];
  const save = async (names: readonly string[]): Promise<void> => {
    for (const name of names) {
      streams.push(await saveOne(options, name));
      say(`stream ${name}: ${streams.at(-1)?.messages} messages`);
    }
  };
  const isBucket = ({ name }: { readonly name: string }): boolean => BUCKET.test(name);
  const buckets = found.filter(isBucket).map(({ name }) => name);
  const states = CLUSTER_BUCKETS.filter((name) => buckets.includes(name));
  await save(buckets.filter((name) => !states.includes(name)));
  if (states.length > 0) {
    const others = streams.length;
    const lost = await copyStates(bus, async () => {
      for (const { file } of streams.splice(others)) await rm(join(dir, file.path));
      await save(states);
    });
    if (lost.length > 0) say(`${lost.join(', ')}: replaced while copied, will be read again from the stream`);
  }
  const snapshots = [...(await copySnapshots(options.snapshots, dir))];
  say(snapshots.length > 0 ? `${snapshots.length} snapshots` : `no snapshots in ${options.snapshots}`);
  const tables: BackupManifest['tables'] = [];
  for (const { name } of TABLES) {
    const table = await saveTable(options, name);
    if (table === null) continue;
    tables.push(table);
    say(`table ${name}: ${table.rows} rows`);
  }
  await save(found.filter((stream) => !isBucket(stream)).map(({ name }) => name));
  const config = await writeWhole(dir, 'config.json', Buffer.from(`${JSON.stringify(options.config, null, 2)}\n`));
  const manifest: BackupManifest = {
    backup_version: BACKUP_VERSION,
    made_by: options.release,
    started_at,
    finished_at: clock.now(),
    streams,
    tables,
    snapshots,
    config,
  };
  await writeWhole(dir, MANIFEST_FILE, Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`));
  await syncFolder(dir);
  return manifest;
}

async function saveOne({ bus, dir }: BackUpOptions, name: string): Promise<BackupManifest['streams'][number]> {
  const writer = await backupWriter(dir, `streams/${name}.snapshot`);
  const { created = '' } = await bus.streamState(name);
  const { config, state } = await saveStream(bus, name, writer.write);
  const messages = typeof state.messages === 'number' ? state.messages : 0;
  return { name, messages, created, config, state, file: await writer.finish() };
}

/** Null when there is no such table. */
async function saveTable(options: BackUpOptions, name: string): Promise<BackupManifest['tables'][number] | null> {
  const { database, dir, rows_max = ROWS_MAX } = options;
  const columns = (await columnsOf(database, name)).map((column) => ({ name: column.name, type: column.type }));
  if (columns.length === 0) return null;
  const files: BackupManifest['tables'][number]['files'] = [];
  const slices = await slicesOf(database, name, rows_max);
  for (const [at, slice] of slices.entries()) {
    const writer = await backupWriter(dir, `tables/${name}/${String(at).padStart(6, '0')}.csv.gz`);
    const lines = { count: 0 };
    const packed = createGzip({ level: 1 });
    const copied = (async () => {
      for await (const chunk of packed as AsyncIterable<Buffer>) await writer.write(chunk);
    })();
    copied.catch(() => {});
    for await (const chunk of await options.rows.csv(name, columns, slice)) {
      for (let i = chunk.indexOf(LF); i >= 0; i = chunk.indexOf(LF, i + 1)) lines.count += 1;
      if (!packed.write(chunk)) await Promise.race([new Promise((done) => packed.once('drain', done)), copied]);
    }
    packed.end();
    await copied;
    const rows = Math.max(0, lines.count - 1);
    if (rows < slice.rows) {
      const what = `only ${rows} of ${slice.rows} rows came`;
      throw new VitalsError('GV-API-004', what, `${name}, partition ${slice.partition}`, { action: 'Try again.' });
    }
    files.push({ ...(await writer.finish()), rows });
  }
  return { name, columns, rows: files.reduce((sum, { rows }) => sum + rows, 0), files };
}
