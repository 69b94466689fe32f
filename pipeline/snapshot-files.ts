import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { FLEET, type SavedGroup } from '../operators/core/group-state.ts';
import { VitalsError } from './contract/errors.ts';
import { GROUPS, groupToken } from './contract/ids.ts';
import { type Disk, machineDisk, type ReadMemory } from './disk.ts';
import {
  damagedSnapshot,
  encodeSnapshot,
  ofAnotherVersion,
  readSnapshot,
  type UnreadSnapshot,
} from './snapshot-format.ts';

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
 * synced and renamed; the one before is kept, and the one before that is written over next. Damage, and another version's, is
 * told and reads as nothing there.
 */
export class SnapshotFiles {
  readonly dir: string;
  private readonly report: (error: VitalsError) => void;
  private readonly disk: Disk;
  /** What the file written last was two rounds ago: nobody's. */
  private spare: string | null = null;
  /** Files whose newest is in its place for certain: a process that was killed may have left only the one before. */
  private readonly written = new Set<string>();

  constructor(dir: string, report: (error: VitalsError) => void, disk: Disk = machineDisk) {
    this.dir = dir;
    this.report = report;
    this.disk = disk;
  }

  /**
   * The newest file of a group that can be read and has nothing behind a position; null when there is none. Its columns lie
   * in `memory` where that is given: until the next is read into it.
   */
  async read(
    group: number,
    position_max: number = Number.POSITIVE_INFINITY,
    memory?: ReadMemory,
  ): Promise<SavedGroup | null> {
    for (const name of [`${fileOf(group)}.snap`, `${fileOf(group)}.prev.snap`]) {
      const saved = await this.readGroup(name, memory);
      if (saved !== null && saved.position <= position_max) return saved;
    }
    return null;
  }

  async write(saved: SavedGroup): Promise<void> {
    const name = fileOf(saved.group);
    const over = this.spare;
    this.spare = null;
    await this.disk.write(this.path(name, 'snap.new'), encodeSnapshot(saved), over);
    const oldest = this.path(name, 'spare');
    if (this.written.delete(name) && (await this.renamed(this.path(name, 'prev.snap'), oldest))) this.spare = oldest;
    await this.turnOver(name);
    this.written.add(name);
  }

  async readManifest(): Promise<Manifest | null> {
    for (const name of ['manifest.snap', 'manifest.prev.snap']) {
      try {
        const found = parseManifest(Buffer.from(await this.disk.read(join(this.dir, name))).toString('utf8'));
        if (!('why' in found)) return found;
        this.unread(name, found);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.unread(name, damagedSnapshot(String(error)));
      }
    }
    return null;
  }

  async writeManifest(manifest: Manifest): Promise<void> {
    const text = JSON.stringify(manifest);
    await this.disk.write(this.path('manifest', 'snap.new'), [Buffer.from(`${text}\n${crc32(text)}`)]);
    await this.turnOver('manifest');
  }

  /** Removes what says how far everything was: nothing is left from which to go on. */
  async forget(): Promise<void> {
    const names = ['manifest', fileOf(FLEET)];
    await this.disk.remove(names.flatMap((name) => ['snap', 'prev.snap'].map((end) => this.path(name, end))));
  }

  private path(name: string, end: string): string {
    return join(this.dir, `${name}.${end}`);
  }

  /** What was written is the newest, and the one that was is the one before. */
  private async turnOver(name: string): Promise<void> {
    await this.renamed(this.path(name, 'snap'), this.path(name, 'prev.snap'));
    await this.disk.rename(this.path(name, 'snap.new'), this.path(name, 'snap'));
  }

  /** False where there is no such file. */
  private async renamed(from: string, to: string): Promise<boolean> {
    try {
      await this.disk.rename(from, to);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      return false;
    }
  }

  private async readGroup(name: string, memory?: ReadMemory): Promise<SavedGroup | null> {
    let bytes: Uint8Array;
    try {
      bytes = await this.disk.read(join(this.dir, name), memory);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.unread(name, damagedSnapshot(String(error)));
      return null;
    }
    const saved = readSnapshot(bytes);
    if (!('why' in saved)) return saved;
    this.unread(name, saved);
    return null;
  }

  private unread(name: string, { code, why }: UnreadSnapshot): void {
    this.report(new VitalsError(code, `snapshot ${name}: ${why}`, this.dir));
  }
}

const position = z.int().nonnegative();
const manifestSchema = z.object({
  stream: z.string().optional(),
  groups: z.record(
    z.string().refine((name) => /^\d{1,2}$/.test(name) && Number(name) < GROUPS),
    z.object({ saved: position, covered: position }),
  ),
});

/** JSON, and its CRC-32 in a line of its own; earlier releases wrote none. */
function parseManifest(text: string): Manifest | UnreadSnapshot {
  const [json = '', checksum] = text.split('\n');
  if (checksum !== undefined && checksum !== String(crc32(json))) return damagedSnapshot('checksum does not match');
  const manifest = manifestSchema.safeParse(JSON.parse(json));
  if (!manifest.success) {
    // Only a checksum says that it was written so.
    return (checksum === undefined ? damagedSnapshot : ofAnotherVersion)('no stream and groups in it');
  }
  const { stream, groups } = manifest.data;
  return stream === undefined ? { groups } : { stream, groups };
}

const fileOf = (group: number): string => (group === FLEET ? 'fleet' : `group-${groupToken(group)}`);
