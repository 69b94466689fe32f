import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { columnsOf } from '../../sinks/questdb/export-rows.ts';
import type { RowImport } from '../../sinks/questdb/import-rows.ts';
import { prepareDatabase } from '../../sinks/questdb/prepare-database.ts';
import { removeTables } from '../../sinks/questdb/remove-tables.ts';
import { quoted } from '../../sinks/questdb/select-rows.ts';
import { readTableStates } from '../../sinks/questdb/table-states.ts';
import { openDeskMemory } from '../alert-desk/buckets.ts';
import { deskStore } from '../alert-desk/desk-store.ts';
import { AUDIT_STREAM, PICKED_STREAM } from '../bus/ensure-streams.ts';
import { COPY_CHUNK_BYTES, ownStreams, removeStream, restoreStream } from '../bus/stream-copy.ts';
import type { Bus } from '../contract/bus.ts';
import type { Database } from '../contract/database.ts';
import { VitalsError } from '../contract/errors.ts';
import { machineDisk } from '../disk.ts';
import { hearParts } from '../doctor/hear-parts.ts';
import { KEYS_BUCKET } from '../keys/key-store.ts';
import { SnapshotFiles } from '../snapshot-files.ts';
import { checkFiles, readBackupFile } from './backup-files.ts';
import { CLUSTER_BUCKETS } from './cluster-states.ts';
import { allFiles, type BackupManifest, readManifest } from './manifest.ts';
import { renameCluster } from './rename-cluster.ts';
import { SNAPSHOT_MANIFEST } from './snapshot-copies.ts';

export interface RestoreOptions {
  readonly dir: string;
  readonly bus: Bus;
  readonly database: Database;
  readonly rows: RowImport;
  readonly snapshots: string;
  /** Takes away what is there. */
  readonly force: boolean;
  /** Copies of every stream; null: as many as it had. */
  readonly replicas: number | null;
  readonly say: (line: string) => void;
  /** How long to listen whether something runs. */
  readonly listen_ms?: number;
}

const LISTEN_MS = 2_500;
const KEYS_STREAM = `KV_${KEYS_BUCKET}`;
const CLUSTER: readonly string[] = [...CLUSTER_BUCKETS, PICKED_STREAM, 'DCGM_RAW'];
const STAY: ReadonlySet<string> = new Set([KEYS_STREAM, AUDIT_STREAM]);

/**
 * Brings an installation back from `backUp`: streams with their positions, tables, snapshots, in this order, into services
 * with nothing of ours in them. All checks come before the first change: GV-BKP-001 for a damaged backup, GV-BKP-002 when
 * something is there (without `force`) or a part of gpu-vitals is running. Broken off in between, `force` begins anew. Keys and
 * trail that are there stay: what was revoked since the backup stays revoked, and nobody covers tracks with an old one.
 */
export async function restore(options: RestoreOptions): Promise<BackupManifest> {
  const { dir, bus, database, say } = options;
  const manifest = await readManifest(dir);
  await checkFiles(dir, allFiles(manifest));
  say('the backup is whole');
  await refuseRunning(bus, options.listen_ms ?? LISTEN_MS);
  const kept = await clearTheWay(options);
  /** By when they were made before: positions are the same, but the server takes them for others. */
  const made = new Map<string, string>();
  for (const { config, state, file, name, messages, created } of manifest.streams) {
    if (kept.has(name)) {
      say(`stream ${name}: stays as it is here`);
      continue;
    }
    const chunks = readBackupFile(dir, file, COPY_CHUNK_BYTES);
    await restoreStream(bus, { config, state }, chunks, options.replicas);
    made.set(created, (await bus.streamState(name)).created ?? '');
    say(`stream ${name}: ${messages} messages`);
    if (name === KEYS_STREAM)
      say(`keys are as of ${new Date(manifest.started_at).toISOString()}: revoke again what was revoked since`);
  }
  await renameDeskStream(bus, made);
  if (CLUSTER.every((name) => manifest.streams.some((stream) => stream.name === name))) {
    await renameCluster(bus, made);
  }
  await prepareDatabase(database);
  for (const table of manifest.tables) await refuseUnknownColumns(database, table);
  for (const table of manifest.tables) {
    await restoreTable(options, table);
    say(`table ${table.name}: ${table.rows} rows`);
  }
  await restoreSnapshots(options, manifest, made);
  return manifest;
}

async function refuseRunning(bus: Bus, listen_ms: number): Promise<void> {
  const { engines, collector } = await hearParts(bus, listen_ms);
  if (engines.length === 0 && collector === null) return;
  const what = engines.length > 0 ? 'an engine is running' : 'a collector is running';
  const action = 'Stop it first; NATS and QuestDB alone are started by `gpu-vitals services start`.';
  throw new VitalsError('GV-BKP-002', what, bus.connected ? 'NATS' : '', { action });
}

/** Answers the streams that stay. */
async function clearTheWay({ bus, database, snapshots, force, say }: RestoreOptions): Promise<ReadonlySet<string>> {
  const all = await ownStreams(bus);
  const kept = new Set(all.filter(({ name, messages }) => messages > 0 && STAY.has(name)).map(({ name }) => name));
  const streams = all.filter(({ name }) => !kept.has(name));
  const tables = await readTableStates(database);
  const saved = (await readdir(snapshots).catch(() => [])).filter((name) => name.endsWith('.snap'));
  const there = [
    ...streams.filter(({ messages }) => messages > 0).map(({ name }) => `stream ${name}`),
    ...tables.filter(({ rows }) => (rows ?? 0) > 0).map(({ name }) => `table ${name}`),
    ...(saved.length > 0 ? [`snapshots in ${snapshots}`] : []),
  ];
  if (there.length > 0 && !force) {
    const action = 'Restore into an empty installation, or take away what is there with --force.';
    throw new VitalsError('GV-BKP-002', `there is something already: ${there.join(', ')}`, '', { action });
  }
  // Snapshots first: without them an engine begins anew, with others than its stream it would skip.
  await rm(snapshots, { recursive: true, force: true });
  for (const { name } of streams) await removeStream(bus, name);
  if (tables.length > 0) await removeTables(database);
  if (there.length > 0) say(`${there.length} streams and tables taken away`);
  return kept;
}

/** A column that this release does not make would be lost, or refused in the middle. */
async function refuseUnknownColumns(database: Database, table: BackupManifest['tables'][number]): Promise<void> {
  const known = new Map((await columnsOf(database, table.name)).map(({ name, type }) => [name, type]));
  const odd = table.columns.find(({ name, type }) => known.get(name) !== type);
  if (odd === undefined) return;
  throw new VitalsError('GV-BKP-003', `this release has no ${table.name}.${odd.name} of type ${odd.type}`, table.name);
}

async function restoreTable(options: RestoreOptions, table: BackupManifest['tables'][number]): Promise<void> {
  for (const file of table.files) {
    const packed = readBackupFile(options.dir, file);
    const gunzip = createGunzip();
    const fed = (async () => {
      for await (const chunk of packed) {
        if (!gunzip.write(chunk)) await new Promise((done) => gunzip.once('drain', done));
      }
      gunzip.end();
    })();
    fed.catch((cause: unknown) => gunzip.destroy(cause instanceof Error ? cause : new Error(String(cause))));
    const rows = await options.rows.csv(table.name, table.columns, gunzip as AsyncIterable<Buffer>);
    if (rows === file.rows) continue;
    throw new VitalsError('GV-BKP-001', `${file.path} holds ${rows} rows instead of ${file.rows}`, options.dir);
  }
  await options.database.query(`SELECT wait_wal_table('${quoted(table.name).slice(1, -1)}')`);
}

async function restoreSnapshots(
  { dir, snapshots, say }: RestoreOptions,
  manifest: BackupManifest,
  made: ReadonlyMap<string, string>,
): Promise<void> {
  if (manifest.snapshots.length === 0) {
    say('no snapshots: the engine will read its stream from the start');
    return;
  }
  await mkdir(snapshots, { recursive: true });
  for (const file of manifest.snapshots) {
    const name = basename(file.path);
    if (name === SNAPSHOT_MANIFEST) continue;
    const parts: Uint8Array[] = [];
    for await (const chunk of readBackupFile(dir, file)) parts.push(chunk);
    const path = join(snapshots, name);
    await machineDisk.write(`${path}.new`, parts);
    await machineDisk.rename(`${path}.new`, path);
  }
  // What says how far the others are comes last: until then there is no snapshot.
  const raise = (error: VitalsError): never => {
    throw error;
  };
  const told = await new SnapshotFiles(join(dir, 'snapshots'), raise).readManifest();
  if (told !== null) {
    const { stream = '' } = told;
    await new SnapshotFiles(snapshots, raise).writeManifest({ ...told, stream: made.get(stream) ?? stream });
  }
  say(`${manifest.snapshots.length} snapshots`);
}

/** Otherwise the desk would read all alerts again from the first. */
async function renameDeskStream(bus: Bus, made: ReadonlyMap<string, string>): Promise<void> {
  const store = deskStore(await openDeskMemory(bus), 'restore');
  const { state, revision } = await store.load();
  const stream = made.get(state?.stream ?? '');
  if (state !== null && stream !== undefined && stream !== state.stream) {
    await store.save(Object.assign(state, { stream }), revision);
  }
}
