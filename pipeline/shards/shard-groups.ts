import type { SavedGroup } from '../../operators/core/group-state.ts';
import { GROUPS } from '../contract/ids.ts';
import type { GroupKeeper, KeptGroup } from '../group-keeper.ts';
import type { ShardLink } from './shard-link.ts';

export interface ShardGroupsOptions {
  readonly links: readonly ShardLink[];
  /** As of what went through all shards, once that reaches a position. */
  readonly copyFleet: (position: number) => SavedGroup | Promise<SavedGroup>;
  /** Up to where the fleet has taken what groups tell. */
  readonly taken: () => number;
  /** Makes durable what the fleet's steps have told. */
  readonly flush: () => Promise<void>;
  readonly onRewind: (position: number) => void;
}

/** The shard of a group: group g belongs to shard g mod n. */
export const shardOf = (group: number, shards: number): number => group % shards;

/** The groups of all shards, for snapshots. Knows how far each group is, because every message passes here. */
export class ShardGroups implements GroupKeeper {
  private readonly options: ShardGroupsOptions;
  private readonly positions: (number | null)[] = new Array<number | null>(GROUPS).fill(null);

  constructor(options: ShardGroupsOptions) {
    this.options = options;
  }

  /** A message of this group is on its way. */
  feed(group: number, position: number): void {
    const before = this.positions[group] ?? null;
    if (before === null || position > before) this.positions[group] = position;
  }

  positionOf(group: number): number | null {
    return this.positions[group] ?? null;
  }

  reset(): void {
    for (const link of this.options.links) link.post({ kind: 'reset' });
  }

  copy(group: number): void {
    const { links } = this.options;
    links[shardOf(group, links.length)]?.post({ kind: 'copy', group });
  }

  copyFleet(position: number): SavedGroup | Promise<SavedGroup> {
    return this.options.copyFleet(position);
  }

  async flush(): Promise<void> {
    const { links, flush } = this.options;
    await Promise.all([...links.map((link) => link.ask('flush', null)), flush()]);
  }

  async write(): Promise<void> {
    await Promise.all(this.options.links.map((link) => link.ask('write', null)));
  }

  async restore(groups: readonly KeptGroup[]): Promise<readonly KeptGroup[] | null> {
    const { links, taken } = this.options;
    const parts = await Promise.all(
      links.map((link, shard) => {
        const own = groups.filter(({ group }) => shardOf(group, links.length) === shard);
        return link.ask('restore', { groups: own, taken: taken() });
      }),
    );
    const restored: KeptGroup[] = [];
    for (const part of parts) {
      if (part === null) return null;
      restored.push(...part);
    }
    for (const { group, saved, covered } of restored) if (saved > 0) this.positions[group] = covered;
    return restored;
  }

  startOver(): void {
    this.positions.fill(null);
    for (const link of this.options.links) link.post({ kind: 'start_over' });
  }

  rewind(position: number): void {
    this.options.onRewind(position);
    this.positions.forEach((before, group) => {
      if (before !== null) this.positions[group] = position;
    });
    for (const link of this.options.links) link.post({ kind: 'rewind', position });
  }
}
