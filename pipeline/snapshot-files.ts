import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { FLEET, type SavedGroup } from '../operators/core/group-state.ts';
import { VitalsError } from './contract/errors.ts';
import { groupToken } from './contract/ids.ts';
import { decodeSnapshot, encodeSnapshot } from './snapshot-format.ts';

/** Per group: the position inside its newest file (0: it has none), and up to where the stream held nothing more for it. */
export interface WrittenGroup {
  readonly saved: number;
  readonly covered: number;
}

export interface Manifest {
  /** The stream whose positions these are, by the time at which it was made. */
  readonly stream?: string;
  /** A group that is missing here was not looked at since the stream's beginning. */
  readonly groups: Readonly<Record<string, WrittenGroup>>;
}

/**
 * The files of snapshots: one a group, one for what spans them, and the manifest. Each is written under a temporary name,
 * synced and renamed; the one before is kept. Damage is told, and reads as nothing there.
 */
export class SnapshotFiles {
  readonly dir: string;
  private readonly report: (error: VitalsError) => void;

  constructor(dir: string, report: (error: VitalsError) => void) {
    this.dir = dir;
    this.report = report;
  }

  /** The newest file of a group that can be read; null when there is none. */
  async read(group: number): Promise<SavedGroup | null> {
    return (await this.readGroup(`${fileOf(group)}.snap`)) ?? (await this.readGroup(`${fileOf(group)}.prev.snap`));
  }

  async write(saved: SavedGroup): Promise<void> {
    await this.writeFile(fileOf(saved.group), encodeSnapshot(saved));
  }

  async readManifest(): Promise<Manifest | null> {
    for (const name of ['manifest.snap', 'manifest.prev.snap']) {
      try {
        return JSON.parse(await readFile(join(this.dir, name), 'utf8')) as Manifest;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.damaged(name, String(error));
      }
    }
    return null;
  }

  async writeManifest(manifest: Manifest): Promise<void> {
    await this.writeFile('manifest', [Buffer.from(JSON.stringify(manifest))]);
  }

  private async writeFile(name: string, parts: readonly Uint8Array[]): Promise<void> {
    await mkdir(this.dir, { recursive: true });
    const path = join(this.dir, `${name}.snap`);
    const file = await open(`${path}.new`, 'w');
    try {
      const wanted = parts.reduce((sum, part) => sum + part.byteLength, 0);
      const { bytesWritten } = await file.writev(parts);
      if (bytesWritten !== wanted) throw new Error(`${bytesWritten} of ${wanted} bytes of ${name} were written`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(path, join(this.dir, `${name}.prev.snap`)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rename(`${path}.new`, path);
  }

  private async readGroup(name: string): Promise<SavedGroup | null> {
    let bytes: Uint8Array;
    try {
      bytes = await readFile(join(this.dir, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.damaged(name, String(error));
      return null;
    }
    const saved = decodeSnapshot(bytes);
    if (typeof saved !== 'string') return saved;
    this.damaged(name, saved);
    return null;
  }

  private damaged(name: string, detail: string): void {
    this.report(new VitalsError('GV-SNP-001', `snapshot ${name}: ${detail}`, this.dir));
  }
}

const fileOf = (group: number): string => (group === FLEET ? 'fleet' : `group-${groupToken(group)}`);
