import { BEGAN, NOW } from '../../operators/core/fleet-clock.ts';
import { GroupState, GroupStates } from '../../operators/core/group-state.ts';
import { advanceClock } from '../advance-clock.ts';
import type { Clock } from '../clock.ts';
import type { RawMessage } from '../contract/message.ts';
import type { DurationMs } from '../contract/time.ts';
import type { Topology } from '../define-topology.ts';
import { type Sinks, type WiredTopology, wireTopology } from '../run-topology.ts';
import type { PickedEntry, PickedPart, TimeMark } from './picked-parts.ts';
import type { OwnedUnit } from './unit-store.ts';

export interface GroupWorkOptions<SinkItems> {
  readonly owned: OwnedUnit;
  /** The groups' half, made for this group alone: what its steps remember of a registry must not outlive it. */
  readonly topology: Topology;
  /** Shared with the other groups of this worker. */
  readonly sinks: Sinks<SinkItems>;
  /** Null: it begins with the stream. */
  readonly state: GroupState | null;
  readonly stream: string;
  /** Up to where the fleet has been told already; and the place in PICKED of the message that did it, 0 when there is none. */
  readonly told: { readonly to: number; readonly at: number };
  /** As for `decode`. */
  readonly future_max: DurationMs | null;
  readonly clock: Clock;
}

/** What a group has to tell the fleet next. */
export type Untold = Omit<PickedPart, 'piece' | 'pieces'>;

/**
 * One group at work: its state, the steps over it, and what the fleet is still to be told.
 *
 * The fleet's clock is known to nobody who reads a part of the stream. So a message's clock is its position here, which
 * comes back with everything that it causes; whoever reads all groups' words puts the time in its place.
 */
export class GroupWork<SinkItems> {
  readonly owned: OwnedUnit;
  readonly states = new GroupStates();
  readonly wired: WiredTopology;
  /** In PICKED, of the last message of this group. */
  told_at: number;
  private readonly options: GroupWorkOptions<SinkItems>;
  private readonly future_ms: number;
  private told_to: number;
  private newest = 0;
  private entries: PickedEntry[] = [];
  private times: TimeMark[] = [];
  private readonly cells = new Float64Array(2);

  constructor(options: GroupWorkOptions<SinkItems>) {
    const { owned, state, told, topology, sinks, clock } = options;
    this.options = options;
    this.owned = owned;
    this.future_ms = options.future_max ?? Number.POSITIVE_INFINITY;
    this.told_at = told.at;
    this.states.set(state ?? new GroupState(owned.unit));
    // After a restart it is ahead of us: what we find again has been told.
    this.told_to = Math.max(told.to, this.position);
    this.wired = wireTopology<SinkItems>({
      topology,
      states: this.states,
      sinks,
      clock,
      picked: (step, { input, kept }, position) => {
        if (position > this.told_to) this.entries.push({ position, step, input, kept });
      },
    });
  }

  get group(): number {
    return this.owned.unit;
  }

  get state(): GroupState {
    return this.states.get(this.group);
  }

  /** Up to where its messages went through all steps. */
  get position(): number {
    return this.state.position;
  }

  /** Whether it reads again what the fleet has been told: rows that change show older versions until it is through. */
  get replaying(): boolean {
    return this.position < this.options.told.to;
  }

  /** Items that the fleet was not told of. */
  get untold_entries(): number {
    return this.entries.length;
  }

  /** Messages of this group in order, none of which went through before. Throws when an invariant is broken. */
  push(messages: readonly RawMessage[]): void {
    for (const message of messages) this.mark(message);
    this.wired.push(messages.map((message) => ({ ...message, clock: message.position })));
  }

  /** What the fleet has not been told of; null when there is nothing. It counts as told once `tell` was called. */
  untold(): Untold | null {
    if (this.position <= this.told_to) return null;
    const { owned, told_to: from, position: to, times } = this;
    // Steps over items tell after all steps over rows of a batch have: by message, order no longer knows of batches.
    const entries = this.entries.sort((a, b) => a.position - b.position);
    this.entries = [];
    this.times = [];
    this.told_to = to;
    return { group: this.group, epoch: owned.epoch, stream: this.options.stream, from, to, times, entries };
  }

  private mark(message: RawMessage): void {
    const { cells } = this;
    cells[BEGAN] = 0;
    cells[NOW] = 0;
    const ts = advanceClock(cells, message, this.future_ms);
    if (ts <= this.newest) return;
    this.newest = ts;
    if (message.position > this.told_to) this.times.push([message.position, ts]);
  }
}
