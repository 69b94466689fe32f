import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

const BLOCK_BYTES = 512;

/** What a folder's files take on the disk, bytes; files that go meanwhile count as gone. */
export async function diskUse(dir: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(dir, { withFileTypes: true }).catch(() => [])) {
    const path = join(dir, entry.name);
    bytes += entry.isDirectory()
      ? await diskUse(path)
      : ((await stat(path).catch(() => null))?.blocks ?? 0) * BLOCK_BYTES;
  }
  return bytes;
}

/** Parts of a data folder that grow, bytes. */
export interface DiskParts {
  readonly stream: number;
  readonly gpu_metrics: number;
  readonly rollups: number;
  readonly other_tables: number;
  readonly snapshots: number;
  readonly spool: number;
}

/** Looks at every file of a data folder. */
export async function diskParts(data: string): Promise<DiskParts> {
  const tables = join(data, 'questdb', 'db');
  const folders = await readdir(tables).catch(() => []);
  const parts = { gpu_metrics: 0, rollups: 0, other_tables: 0 };
  for (const folder of folders) {
    const table = folder.split('~')[0] ?? '';
    const part =
      table === 'gpu_metrics' ? 'gpu_metrics' : table.startsWith('gpu_metrics_') ? 'rollups' : 'other_tables';
    parts[part] += await diskUse(join(tables, folder));
  }
  return {
    stream: await diskUse(join(data, 'nats')),
    ...parts,
    snapshots: await diskUse(join(data, 'snapshots')),
    spool: await diskUse(join(data, 'spool')),
  };
}
