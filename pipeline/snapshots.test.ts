import { expect, it } from 'vitest';
import { GroupStates } from '../operators/core/group-state.ts';
import type { Disk } from './disk.ts';
import { LocalGroups } from './local-groups.ts';
import { SnapshotFiles } from './snapshot-files.ts';
import { SNAPSHOT_SLICES, Snapshots } from './snapshots.ts';

/** A disk in memory that counts how often each file was written. */
class CountingDisk implements Disk {
  private readonly files = new Map<string, Uint8Array>();
  private writes: string[] = [];

  read(path: string): Promise<Uint8Array> {
    const bytes = this.files.get(path);
    return bytes === undefined ? Promise.reject(missing(path)) : Promise.resolve(bytes);
  }

  async write(path: string, parts: readonly Uint8Array[]): Promise<void> {
    this.files.set(path, Buffer.concat(parts));
    this.writes.push(path.replace(/\.snap\.new$/, ''));
  }

  async rename(from: string, to: string): Promise<void> {
    this.files.set(to, await this.read(from));
    this.files.delete(from);
  }

  async remove(paths: readonly string[]): Promise<void> {
    for (const path of paths) this.files.delete(path);
  }

  /** What was written since the last call, with how often. */
  take(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const name of this.writes.splice(0)) counts[name] = (counts[name] ?? 0) + 1;
    return counts;
  }
}

const missing = (path: string): Error => Object.assign(new Error(path), { code: 'ENOENT' });

/** What every slice writes, whatever the groups do. */
const EACH_ROUND = { fleet: SNAPSHOT_SLICES, manifest: SNAPSHOT_SLICES };

function life(disk: Disk) {
  const states = new GroupStates();
  const told: unknown[] = [];
  const files = new SnapshotFiles('', (error) => told.push(error), disk);
  const groups = new LocalGroups({ states, specs: new Map(), files, flush: () => Promise.resolve() });
  const snapshots = new Snapshots({ states, groups, files, report: (error) => told.push(error) });
  const at = (group: number, position: number): void => {
    states.get(group).position = position;
  };
  return { files, snapshots, told, at };
}

it('writes a group again only when it has taken something since its last file', async () => {
  const disk = new CountingDisk();
  const { snapshots, files, told, at } = life(disk);
  at(3, 10);
  at(17, 12);
  at(48, 11);
  await snapshots.complete(12);
  expect(disk.take()).toEqual({ ...EACH_ROUND, 'group-03': 1, 'group-17': 1, 'group-48': 1 });
  await snapshots.complete(20);
  expect(disk.take()).toEqual(EACH_ROUND);
  at(17, 25);
  await snapshots.complete(30);
  expect(disk.take()).toEqual({ ...EACH_ROUND, 'group-17': 1 });
  expect((await files.readManifest())?.groups).toMatchObject({
    3: { saved: 10, covered: 30 },
    17: { saved: 25, covered: 30 },
    48: { saved: 11, covered: 30 },
  });
  expect([snapshots.rounds, told]).toEqual([3, []]);
});
