import { FLEET, GroupState, type GroupStates, type SavedGroup } from '../operators/core/group-state.ts';
import type { StateSpec } from './contract/operator.ts';
import { CopyArena } from './copy-arena.ts';
import type { ReadMemory } from './disk.ts';
import type { GroupKeeper, KeptGroup } from './group-keeper.ts';
import type { SnapshotFiles } from './snapshot-files.ts';

export interface LocalGroupsOptions {
  readonly states: GroupStates;
  /** State columns of the groups' steps. */
  readonly specs: ReadonlyMap<string, StateSpec>;
  readonly files: SnapshotFiles;
  readonly flush: () => Promise<void>;
}

/** The groups of this thread, for snapshots. Memory: the copies of one slice, kept and used again. */
export class LocalGroups implements GroupKeeper {
  private readonly options: LocalGroupsOptions;
  private readonly arena = new CopyArena();
  private copies: SavedGroup[] = [];

  constructor(options: LocalGroupsOptions) {
    this.options = options;
  }

  positionOf(group: number): number | null {
    return this.options.states.all().find((state) => state.group === group)?.position ?? null;
  }

  reset(): void {
    this.arena.reset();
    this.copies = [];
  }

  copy(group: number): void {
    this.copies.push(this.options.states.get(group).save((array, length) => this.arena.copy(array, length)));
  }

  copyFleet(position: number): SavedGroup {
    const { fleet } = this.options.states;
    // While messages are read again that it has taken already, it stays ahead of them.
    fleet.position = Math.max(fleet.position, position);
    return fleet.save();
  }

  async flush(): Promise<void> {
    await this.options.flush();
  }

  async write(): Promise<void> {
    for (const saved of this.copies) await this.options.files.write(saved);
  }

  async restore(groups: readonly KeptGroup[]): Promise<readonly KeptGroup[] | null> {
    const { states, specs, files } = this.options;
    const restored: KeptGroup[] = [];
    const memory: ReadMemory = { bytes: new Uint8Array(0) };
    for (const kept of groups) {
      if (kept.saved === 0) {
        restored.push(kept);
        continue;
      }
      const saved = await files.read(kept.group, states.fleet.position, memory);
      if (saved === null) return null;
      const covered = saved.position === kept.saved ? kept.covered : saved.position;
      const state = GroupState.restore(saved, specs);
      state.position = covered;
      states.set(state);
      restored.push({ group: kept.group, saved: saved.position, covered });
    }
    return restored;
  }

  startOver(): void {
    const { states } = this.options;
    for (const { group } of states.all()) states.set(new GroupState(group));
    states.fleet = new GroupState(FLEET);
  }

  rewind(position: number): void {
    const { states } = this.options;
    for (const state of states.all()) state.position = position;
    states.fleet.position = position;
  }
}
