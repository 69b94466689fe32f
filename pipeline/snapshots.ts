import { FLEET, GroupState, type GroupStates, type SavedGroup } from '../operators/core/group-state.ts';
import { VitalsError } from './contract/errors.ts';
import { GROUPS } from './contract/ids.ts';
import type { StateSpec } from './contract/operator.ts';
import type { GroupKeeper } from './group-keeper.ts';
import type { SnapshotFiles, WrittenGroup } from './snapshot-files.ts';

/** A round goes over all groups in so many slices, each with a write of its own: neither copies nor writes come in bursts. */
export const SNAPSHOT_SLICES = 8;
const GROUPS_PER_SLICE = GROUPS / SNAPSHOT_SLICES;

export interface SnapshotOptions {
  /** Where what spans the groups is. */
  readonly states: GroupStates;
  readonly groups: GroupKeeper;
  readonly files: SnapshotFiles;
  readonly report: (error: VitalsError) => void;
}

/**
 * Snapshots of all groups with the stream position inside.
 *
 * A slice copies a few groups, one between two pushes, waits until the sinks have made everything durable, then writes one
 * file per changed group and the manifest. A kill at any moment leaves every group's last snapshot whole: its position says
 * from where to read again. Memory: one slice's state.
 *
 * What spans the groups is copied at the end of every slice and written before the slice's groups: so its position is never
 * behind a group's, and what the groups tell again after a restart it has either taken already or not yet.
 */
export class Snapshots {
  private readonly options: SnapshotOptions;
  private readonly written = new Map<number, WrittenGroup>();
  private slice: { readonly copied: Map<number, number>; left: number; readonly covered: Map<number, number> } | null =
    null;
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
    this.options.groups.reset();
    this.slice = { copied: new Map(), left: GROUPS_PER_SLICE, covered: new Map() };
  }

  /** Called between pushes with the position up to which all groups have been fed. Cost: copies of one group's arrays. */
  turn(position: number): void {
    const { slice } = this;
    if (slice === null) return;
    const { groups } = this.options;
    for (let copied = false; slice.left > 0 && !copied; slice.left--) {
      const group = this.next;
      this.next = (group + 1) % GROUPS;
      slice.covered.set(group, position);
      const reached = groups.positionOf(group);
      if (reached === null || this.written.get(group)?.saved === reached) continue;
      groups.copy(group);
      slice.copied.set(group, reached);
      copied = true;
    }
    if (slice.left > 0) return;
    this.slice = null;
    this.writing = this.write(groups.copyFleet(position), slice.copied, slice.covered)
      .catch((error: unknown) => {
        this.options.report(
          new VitalsError('GV-SNP-001', 'a snapshot could not be written', this.options.files.dir, {
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
  async restore(fleetSpecs: ReadonlyMap<string, StateSpec>): Promise<number> {
    const { states, groups, files } = this.options;
    const manifest = await files.readManifest();
    // Also where there is none: one that was removed may come back with a power loss until its folder is safe.
    if (manifest === null) return this.startOver();
    this.stream = manifest.stream ?? '';
    const fleet = await files.read(FLEET);
    if (fleet !== null) states.fleet = GroupState.restore(fleet, fleetSpecs);
    const entries = Object.entries(manifest.groups);
    const restored = await groups.restore(entries.map(([name, entry]) => ({ ...entry, group: Number(name) })));
    if (restored === null) return this.startOver();
    let from = entries.length < GROUPS ? 0 : Number.POSITIVE_INFINITY;
    for (const { group, saved, covered } of restored) {
      this.written.set(group, { saved, covered });
      from = Math.min(from, covered);
    }
    return from + 1;
  }

  /**
   * Forgets everything restored, and what was stored of it: rows are told from the beginning now, and the next life must
   * not take those for told that this one had not come to. Returns the first position of the stream.
   */
  async startOver(): Promise<number> {
    const { states, groups, files, report } = this.options;
    states.fleet = new GroupState(FLEET);
    groups.startOver();
    this.written.clear();
    await files.forget().catch((cause: unknown) => {
      report(new VitalsError('GV-SNP-001', 'snapshots that are of no use cannot be removed', files.dir, { cause }));
    });
    return 1;
  }

  /**
   * The stream was made anew: keeps what the groups know, forgets their positions and what was written of them. Called
   * between pushes, when nothing is being written.
   */
  rewind(position: number): void {
    this.slice = null;
    this.written.clear();
    this.options.states.fleet.position = position;
    this.options.groups.rewind(position);
  }

  private async write(
    fleet: SavedGroup | Promise<SavedGroup>,
    copied: ReadonlyMap<number, number>,
    covered: ReadonlyMap<number, number>,
  ): Promise<void> {
    const { groups, files } = this.options;
    const saved = await fleet;
    await groups.flush();
    await files.write(saved);
    await groups.write();
    for (const [group, position] of copied) this.written.set(group, { saved: position, covered: position });
    for (const [group, position] of covered) {
      const before = this.written.get(group) ?? { saved: 0, covered: 0 };
      this.written.set(group, { saved: before.saved, covered: Math.max(before.covered, position) });
    }
    await files.writeManifest({ stream: this.stream, groups: Object.fromEntries(this.written) });
    if (this.next === 0) this.rounds += 1;
  }
}
