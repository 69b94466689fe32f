import { constants } from 'node:fs';
import { access, readdir, stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Finding, finding } from './finding.ts';
import { bytesText } from './in-words.ts';

const PARTS = ['nats', 'questdb', 'spool', 'snapshots', 'logs'] as const;

export interface DataFolderFacts {
  readonly path: string;
  readonly exists: boolean;
  readonly writable: boolean;
  readonly disk_free_bytes: number;
  readonly disk_bytes: number;
  /** Disk taken by what lies in it. */
  readonly parts: Readonly<Record<(typeof PARTS)[number], number>>;
  /** Pid of the gpu-vitals that has the folder, and whether all its parts are ready. */
  readonly holder_pid: number | null;
  readonly ready: boolean;
  /** A killed gpu-vitals left its claim behind. */
  readonly stale_lock?: boolean;
}

const GIB = 1_024 ** 3;
const FREE_MIN_BYTES = GIB;
const FREE_MIN_SHARE = 0.05;
const FREE_LOW_SHARE = 0.15;

export function judgeDataFolder(facts: DataFolderFacts): Finding[] {
  return [judgeHolder(facts), ...judgeLock(facts), judgeAccess(facts), judgeDisk(facts)];
}

function judgeHolder({ holder_pid, ready, path }: DataFolderFacts): Finding {
  const figures = { pid: holder_pid };
  if (holder_pid !== null && ready) {
    return finding('data', 'owner', { what: `gpu-vitals runs here, pid ${holder_pid}`, figures });
  }
  if (holder_pid !== null) {
    const what = `pid ${holder_pid} has ${path} and is not ready`;
    return finding('data', 'owner', { state: 'warn', what, action: 'Wait for it, or read its log.', figures });
  }
  const action = 'Start everything with `gpu-vitals up`, if it is meant to run here.';
  return finding('data', 'owner', { state: 'warn', what: 'gpu-vitals does not run here', action, figures });
}

function judgeLock({ stale_lock, path }: DataFolderFacts): Finding[] {
  if (stale_lock !== true) return [];
  const what = `${path} is claimed by a gpu-vitals that no longer runs`;
  const action = 'The next `gpu-vitals up` takes it over; `gpu-vitals doctor --fix` removes the claim.';
  return [finding('data', 'lock', { state: 'warn', what, action })];
}

function judgeAccess({ exists, writable, path }: DataFolderFacts): Finding {
  if (writable) return finding('data', 'folder', { what: exists ? path : `${path} will be made`, figures: { path } });
  const what = exists ? `${path} cannot be written` : `${path} cannot be made`;
  const action = 'Check its permissions, or choose another folder with --data.';
  return finding('data', 'folder', { state: 'fail', what, action, figures: { path } });
}

function judgeDisk({ disk_free_bytes, disk_bytes, parts }: DataFolderFacts): Finding {
  const free_ratio = disk_bytes > 0 ? disk_free_bytes / disk_bytes : 0;
  const held = PARTS.filter((part) => parts[part] > 0).map((part) => `${part} ${bytesText(parts[part])}`);
  const what = [`${bytesText(disk_free_bytes)} free, ${(free_ratio * 100).toFixed(0)} %`, ...held].join(', ');
  const sizes = Object.fromEntries(PARTS.map((part) => [`${part}_bytes`, parts[part]]));
  const figures = { disk_free_bytes, disk_bytes, free_ratio, ...sizes };
  if (disk_free_bytes < FREE_MIN_BYTES || free_ratio < FREE_MIN_SHARE) {
    return finding('data', 'disk', { state: 'fail', what, code: 'GV-SNK-004', figures });
  }
  const state = free_ratio < FREE_LOW_SHARE ? 'warn' : 'ok';
  return finding('data', 'disk', { state, what, code: 'GV-SNK-004', figures });
}

export async function lookAtDataFolder(
  data: string,
  known: Pick<DataFolderFacts, 'holder_pid' | 'ready' | 'stale_lock'>,
): Promise<DataFolderFacts> {
  const path = resolve(data);
  const exists = (await stat(path).catch(() => null))?.isDirectory() ?? false;
  const nearest = await nearestFolder(path);
  const writable = await access(nearest, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  const disk = await statfs(nearest);
  const sizes = await Promise.all(PARTS.map((part) => allocatedBytes(join(path, part))));
  return {
    path,
    exists,
    writable,
    disk_free_bytes: disk.bavail * disk.bsize,
    disk_bytes: disk.blocks * disk.bsize,
    parts: Object.fromEntries(PARTS.map((part, i) => [part, sizes[i] ?? 0])) as DataFolderFacts['parts'],
    ...known,
  };
}

async function nearestFolder(path: string): Promise<string> {
  const there = await stat(path).catch(() => null);
  return there !== null || dirname(path) === path ? path : nearestFolder(dirname(path));
}

/** Blocks that all files below take; QuestDB's files are longer than what they take. Files that go meanwhile count nothing. */
async function allocatedBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += await allocatedBytes(path);
    else bytes += ((await stat(path).catch(() => null))?.blocks ?? 0) * BLOCK_BYTES;
  }
  return bytes;
}

const BLOCK_BYTES = 512;
