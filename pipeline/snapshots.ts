import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { FLEET, GroupState, type GroupStates, type SavedGroup } from '../operators/core/group-state.ts';
import { VitalsError } from './contract/errors.ts';
import { GROUPS, groupToken } from './contract/ids.ts';
import type { StateSpec } from './contract/operator.ts';
import { CopyArena } from './copy-arena.ts';
import { decodeSnapshot, encodeSnapshot } from './snapshot-format.ts';

/** A round goes over all groups in so many slices, each with a write of its own: neither copies nor writes come in bursts. */
export const SNAPSHOT_SLICES = 8;
const GROUPS_PER_SLICE = GROUPS / SNAPSHOT_SLICES;

interface Manifest {
  /** The stream whose positions these are, by the time at which it was made. */
  readonly stream?: string;
  /**
   * Per group: the position inside its newest file (0: it has none), and up to where the stream held nothing more for it.
   * A group that is missing here was not looked at since the stream's beginning.
   */
  readonly groups: Readonly<Record<string, { readonly saved: number; readonly covered: number }>>;
}

export interface SnapshotOptions {
  readonly dir: string;
  readonly states: GroupStates;
  /** Makes sure that what the groups had written out before is durable; only then a snapshot may count. */
  readonly flush: () => Promise<void>;
  readonly report: (error: VitalsError) => void;
}

/**
 * Snapshots of all groups with the stream position inside.
 *
 * A slice copies a few groups, one between two pushes, waits until the sinks have made everything durable, then writes one
 * file per changed group (temporary name, fsync, rename; the file before is kept) and the manifest. A kill at any moment
 * leaves every group's last snapshot whole: its position says from where to read again. Memory: one slice's state.
 *
 * What spans the groups is copied at the end of every slice and written before the slice's groups: so its position is never
 * behind a group's, and what the groups tell again after a restart it has either taken already or not yet.
 */
export class Snapshots {
  private readonly options: SnapshotOptions;
  private readonly written = new Map<number, { saved: number; covered: number }>();
  private readonly arena = new CopyArena();
  private slice: { readonly copies: SavedGroup[]; left: number; readonly covered: Map<number, number> } | null = null;
  /** The group that is looked at next. */
  private next = 0;
  private writing: Promise<void> | null = null;
  rounds = 0;
  /** Of the stream that is read: goes into the manifest. Empty while nobody knows. */
  stream = '';

  constructor(options: SnapshotOptions) {
    this.options = options;
  }

  /** Begins the next slice unless one is under way. */
  begin(): void {
    if (this.slice !== null || this.writing !== null) return;
    this.arena.reset();
    this.slice = { copies: [], left: GROUPS_PER_SLICE, covered: new Map() };
  }

  /** Called between pushes with the position up to which all groups have been fed. Cost: copies of one group's arrays. */
  turn(position: number): void {
    const { slice } = this;
    if (slice === null) return;
    const states = this.options.states.all();
    for (let copied = false; slice.left > 0 && !copied; slice.left--) {
      const group = this.next;
      this.next = (group + 1) % GROUPS;
      slice.covered.set(group, position);
      const state = states.find((one) => one.group === group);
      if (state === undefined) continue;
      copied = this.written.get(state.group)?.saved !== state.position;
      if (copied) slice.copies.push(state.save((array, length) => this.arena.copy(array, length)));
    }
    if (slice.left > 0) return;
    this.slice = null;
    const { fleet } = this.options.states;
    // While messages are read again that it has taken already, it stays ahead of them.
    fleet.position = Math.max(fleet.position, position);
    this.writing = this.write([fleet.save(), ...slice.copies], slice.covered)
      .catch((error: unknown) => {
        this.options.report(
          new VitalsError('GV-SNP-001', 'a snapshot could not be written', this.options.dir, {
            action: 'Check the disk; the one before stays in use.',
            cause: error,
          }),
        );
      })
      .finally(() => {
        this.writing = null;
      });
  }

  /** Resolves when nothing is being written. */
  async settled(): Promise<void> {
    await this.writing;
  }

  /** All groups at once, for a graceful end. */
  async complete(position: number): Promise<void> {
    await this.writing;
    this.slice = null;
    this.next = 0;
    for (let slices = 0; slices < SNAPSHOT_SLICES; slices++) {
      this.begin();
      while (this.slice !== null) this.turn(position);
      await this.writing;
    }
  }

  /** Loads what is there; returns the first position to read. A damaged file is told and the one before is used. */
  async restore(specs: ReadonlyMap<string, StateSpec>, fleetSpecs: ReadonlyMap<string, StateSpec>): Promise<number> {
    const manifest = await this.readManifest();
    if (manifest === null) return 1;
    this.stream = manifest.stream ?? '';
    const fleet = (await this.readGroup(FLEET, 'snap')) ?? (await this.readGroup(FLEET, 'prev.snap'));
    if (fleet !== null) this.options.states.fleet = GroupState.restore(fleet, fleetSpecs);
    const entries = Object.entries(manifest.groups);
    let from = entries.length < GROUPS ? 0 : Number.POSITIVE_INFINITY;
    for (const [name, entry] of entries) {
      const group = Number(name);
      let { saved: position, covered } = entry;
      if (position > 0) {
        const saved = (await this.readGroup(group, 'snap')) ?? (await this.readGroup(group, 'prev.snap'));
        if (saved === null) return this.startOver();
        position = saved.position;
        if (position !== entry.saved) covered = position;
        const state = GroupState.restore(saved, specs);
        state.position = covered;
        this.options.states.set(state);
      }
      this.written.set(group, { saved: position, covered });
      from = Math.min(from, covered);
    }
    return from + 1;
  }

  /** Forgets everything restored; returns the first position of the stream. */
  startOver(): number {
    for (const state of this.options.states.all()) this.options.states.set(new GroupState(state.group));
    this.options.states.fleet = new GroupState(FLEET);
    this.written.clear();
    return 1;
  }

  /**
   * The stream was made anew: keeps what the groups know, forgets their positions and what was written of them. Called
   * between pushes, when nothing is being written.
   */
  rewind(position: number): void {
    this.slice = null;
    this.written.clear();
    for (const state of this.options.states.all()) state.position = position;
    this.options.states.fleet.position = position;
  }

  private async write(copies: readonly SavedGroup[], covered: ReadonlyMap<number, number>): Promise<void> {
    await this.options.flush();
    await mkdir(this.options.dir, { recursive: true });
    for (const saved of copies) {
      await this.writeFile(fileOf(saved.group), encodeSnapshot(saved));
      if (saved.group !== FLEET) this.written.set(saved.group, { saved: saved.position, covered: saved.position });
    }
    for (const [group, position] of covered) {
      const { saved, covered: before } = this.written.get(group) ?? { saved: 0, covered: 0 };
      this.written.set(group, { saved, covered: Math.max(before, position) });
    }
    const manifest: Manifest = { stream: this.stream, groups: Object.fromEntries(this.written) };
    await this.writeFile('manifest', [Buffer.from(JSON.stringify(manifest))]);
    if (this.next === 0) this.rounds += 1;
  }

  private async writeFile(name: string, parts: readonly Uint8Array[]): Promise<void> {
    const path = join(this.options.dir, `${name}.snap`);
    const file = await open(`${path}.new`, 'w');
    try {
      const wanted = parts.reduce((sum, part) => sum + part.byteLength, 0);
      const { bytesWritten } = await file.writev(parts);
      if (bytesWritten !== wanted) throw new Error(`${bytesWritten} of ${wanted} bytes of ${name} were written`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(path, join(this.options.dir, `${name}.prev.snap`)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rename(`${path}.new`, path);
  }

  private async readManifest(): Promise<Manifest | null> {
    for (const name of ['manifest.snap', 'manifest.prev.snap']) {
      try {
        return JSON.parse(await readFile(join(this.options.dir, name), 'utf8')) as Manifest;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.damaged(name, String(error));
      }
    }
    return null;
  }

  private async readGroup(group: number, suffix: string): Promise<SavedGroup | null> {
    const name = `${fileOf(group)}.${suffix}`;
    let bytes: Uint8Array;
    try {
      bytes = await readFile(join(this.options.dir, name));
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
    this.options.report(new VitalsError('GV-SNP-001', `snapshot ${name}: ${detail}`, this.options.dir));
  }
}

const fileOf = (group: number): string => (group === FLEET ? 'fleet' : `group-${groupToken(group)}`);
