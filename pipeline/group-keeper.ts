import type { SavedGroup } from '../operators/core/group-state.ts';
import type { WrittenGroup } from './snapshot-files.ts';

/** A group and what its manifest says of it. */
export type KeptGroup = WrittenGroup & { readonly group: number };

/** What snapshots need of those who run the groups, in this thread or in others. */
export interface GroupKeeper {
  /** Stream position of the last message that was handed over to a group; null when it has no state. */
  positionOf(group: number): number | null;
  /** Gives up all copies. */
  reset(): void;
  /** Copies a group as it stands when everything handed over so far went through it. */
  copy(group: number): void;
  /**
   * A copy of what spans the groups, with everything up to `position` taken, or more. Its position is then what it has
   * taken. Taken at once where that is already so.
   */
  copyFleet(position: number): SavedGroup | Promise<SavedGroup>;
  /** Makes durable what was written out before the copies were made. */
  flush(): Promise<void>;
  /** Writes the copied groups to their files. */
  write(): Promise<void>;
  /**
   * Loads groups as of their files, none of which may be ahead of the fleet's: it would never hear what they told between. Null
   * when one that has a file has none that will do.
   */
  restore(groups: readonly KeptGroup[]): Promise<readonly KeptGroup[] | null>;
  /** Forgets everything. */
  startOver(): void;
  /** Keeps what the groups know and puts all of them to a position. Called when nothing is under way. */
  rewind(position: number): void;
}
