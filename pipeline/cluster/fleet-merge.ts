import type { FleetEntry, FleetTime } from '../../operators/core/run-fleet.ts';
import { GROUPS } from '../contract/ids.ts';
import type { Picked } from '../run-topology.ts';
import type { PickedEntry, PickedPart, TimeMark } from './picked-parts.ts';

export interface FleetMergeOptions {
  /** The stream whose positions count, by the time at which it was made. */
  readonly stream: string;
  /** Up to where the fleet's state has taken everything. */
  readonly position: number;
  /** The fleet's clock there. */
  readonly time: FleetTime;
  /** `delay` of each step over the fleet; what is picked for others are rows of sinks. */
  readonly delays: ReadonlyMap<string, number>;
  /** Called when a group has told nothing of messages that it should have told of: they are lost. */
  readonly onHole: (group: number, from: number, to: number) => void;
  /** Entries and times that lie here before parts are left out that are not needed yet. */
  readonly held_max?: number;
}

/** Some minutes of 100,000 GPUs, and a few hundred MB. */
const HELD_MAX = 300_000;

/** What the steps over the fleet run on next, as one push of one process would have told it. */
export interface FleetPush {
  readonly picked: Picked;
  readonly time: FleetTime;
  readonly position: number;
}

interface GroupTold {
  /** Up to where it has told everything. */
  taken: number;
  /** Of the epoch and pieces of a part that has not come whole. */
  open: { readonly epoch: number; readonly from: number; readonly to: number; readonly pieces: PickedPart[] } | null;
  entries: PickedEntry[];
  times: TimeMark[];
  /** Parts of it lie in PICKED that were not taken. */
  left_out: boolean;
}

/**
 * Puts together what 64 groups tell, each in an order of its own, in the one order of the stream.
 *
 * What is known: for every message of DCGM_RAW its position and group, in order (`message`); and what groups tell of theirs
 * (`part`), in any order between groups, again and in other cuts after each move. A position has passed when its group has
 * told of it, and all before it have passed. The clock at an entry is the newest event time of all messages up to its own.
 * Memory: what has not passed. From `held_max` on only those are heard who are behind the others; what is told beyond is left
 * out, and has to be given again when it is needed (`lacks`).
 */
export class FleetMerge {
  private readonly options: FleetMergeOptions;
  private readonly told: GroupTold[];
  /** Messages that have not passed: positions, and their groups. */
  private positions: number[] = [];
  private groups: number[] = [];
  private at = 0;
  /** Positions in PICKED of what has not passed: the first one of each part that is still needed. */
  private needed: { readonly at: number; readonly group: number; readonly to: number }[] = [];
  private last_part = 0;
  /** Of the first part in PICKED that was left out. */
  private left_out = Number.POSITIVE_INFINITY;
  private held = 0;
  /** Up to where any group had told when it became full. */
  private reach: number;
  private readonly held_max: number;
  private last_message: number;
  private passed: number;
  private began: number;
  private now: number;

  constructor(options: FleetMergeOptions) {
    this.options = options;
    this.passed = options.position;
    this.last_message = options.position;
    this.reach = options.position;
    this.began = options.time.began;
    this.now = options.time.now;
    this.held_max = options.held_max ?? HELD_MAX;
    this.told = Array.from({ length: GROUPS }, () => ({
      taken: options.position,
      open: null,
      entries: [],
      times: [],
      left_out: false,
    }));
  }

  /** Position up to which everything has passed. */
  get position(): number {
    return this.passed;
  }

  /** Messages that have not passed. */
  get waiting(): number {
    return this.positions.length - this.at;
  }

  /** The group for whose word everything waits; null when nothing does. */
  get waits_for(): { readonly position: number; readonly group: number } | null {
    const position = this.positions[this.at];
    return position === undefined ? null : { position, group: this.groups[this.at] as number };
  }

  /** From where PICKED has to be read again by whoever goes on from `position`. */
  get read_from(): number {
    return this.needed.reduce((first, { at }) => Math.min(first, at), Math.min(this.left_out, this.last_part + 1));
  }

  /** Whether what is told beyond all others is left out. */
  get full(): boolean {
    return this.held >= this.held_max;
  }

  /** Whether nothing passes before another part has come. */
  get stuck(): boolean {
    const waits = this.waits_for;
    return waits !== null && waits.group >= 0 && (this.told[waits.group] as GroupTold).taken < waits.position;
  }

  /** Whether that part has come already, and was left out. */
  get lacks(): boolean {
    return this.stuck && this.told[this.waits_for?.group as number]?.left_out === true;
  }

  /** What was left out will be given again: from where on in PICKED. */
  giveAgain(): number {
    const from = Math.min(this.left_out, this.last_part + 1);
    this.last_part = from - 1;
    this.left_out = Number.POSITIVE_INFINITY;
    for (const told of this.told) told.left_out = false;
    return from;
  }

  /** The next message of the stream. `group` -1: nobody tells of it. */
  message(position: number, group: number): void {
    if (position <= this.last_message) return;
    this.last_message = position;
    this.positions.push(position);
    this.groups.push(group);
  }

  /** What lies in PICKED at a position of its own. */
  part(part: PickedPart, at: number): void {
    this.last_part = at;
    const told = this.told[part.group];
    if (told === undefined || part.stream !== this.options.stream || part.to <= told.taken) return;
    // Not in the middle of one: its beginning would not be given again.
    const beyond = part.piece === 0 && part.from >= this.reach && part.group !== this.waits_for?.group;
    if (told.left_out || (beyond && this.full)) {
      told.left_out = true;
      told.open = null;
      this.left_out = Math.min(this.left_out, at);
      return;
    }
    if (part.pieces === 1) {
      told.open = null;
      this.take(told, part, part.entries, part.times, at);
      return;
    }
    if (part.piece === 0) {
      told.open = { epoch: part.epoch, from: part.from, to: part.to, pieces: [] };
      this.needed.push({ at, group: part.group, to: part.to });
    }
    const { open } = told;
    if (open === null || open.epoch !== part.epoch || open.from !== part.from || open.to !== part.to) return;
    if (open.pieces.length !== part.piece) return;
    open.pieces.push(part);
    if (open.pieces.length < part.pieces) return;
    told.open = null;
    const { pieces } = open;
    this.take(
      told,
      part,
      pieces.flatMap(({ entries }) => entries),
      pieces.flatMap(({ times }) => times),
      at,
    );
  }

  /** Gives up on the message for which everything waits: nobody can read it any more. */
  skip(): void {
    const waits = this.waits_for;
    if (waits === null) return;
    this.options.onHole(waits.group, waits.position - 1, waits.position);
    this.groups[this.at] = -1;
  }

  /** What has passed since, at most so many messages; null when nothing has. */
  next(messages_max: number): FleetPush | null {
    const before = this.passed;
    for (let count = 0; this.at < this.positions.length && count < messages_max; count++) {
      const position = this.positions[this.at] as number;
      const group = this.groups[this.at] as number;
      if (group >= 0 && (this.told[group] as GroupTold).taken < position) break;
      this.passed = position;
      this.at++;
    }
    if (this.passed === before) return null;
    if (this.at > 4_096) {
      this.positions = this.positions.slice(this.at);
      this.groups = this.groups.slice(this.at);
      this.at = 0;
    }
    const entries: PickedEntry[] = [];
    const times: TimeMark[] = [];
    for (const told of this.told) {
      told.entries = takeUpTo(told.entries, this.passed, ({ position }) => position, entries);
      told.times = takeUpTo(told.times, this.passed, ([position]) => position, times);
    }
    this.held -= entries.length + times.length;
    if (this.needed.some(({ to }) => to <= this.passed)) this.needed = this.needed.filter(({ to }) => to > this.passed);
    return { picked: this.timed(entries, times), time: { began: this.began, now: this.now }, position: this.passed };
  }

  private take(
    told: GroupTold,
    { group, from, to }: PickedPart,
    entries: readonly PickedEntry[],
    times: readonly TimeMark[],
    at: number,
  ): void {
    if (from > told.taken) this.options.onHole(group, told.taken, from);
    const { taken } = told;
    if (!this.full) this.reach = Math.max(this.reach, to);
    const before = told.entries.length + told.times.length;
    for (const entry of entries) if (entry.position > taken) told.entries.push(entry);
    for (const mark of times) if (mark[0] > taken) told.times.push(mark);
    this.held += told.entries.length + told.times.length - before;
    told.taken = to;
    this.needed.push({ at, group, to });
  }

  /** Entries in the order of their messages, each with the event time that counts for its turn. */
  private timed(entries: PickedEntry[], times: TimeMark[]): Picked {
    entries.sort((a, b) => a.position - b.position);
    times.sort(([a], [b]) => a - b);
    const picked: Record<string, FleetEntry[]> = {};
    let mark = 0;
    const advance = (position: number): void => {
      for (let next = times[mark]; next !== undefined && next[0] <= position; next = times[++mark]) {
        const [, ts] = next;
        if (this.began === 0) this.began = ts;
        if (ts > this.now) this.now = ts;
      }
    };
    for (const { position, step, input, kept } of entries) {
      advance(position);
      const delay = this.options.delays.get(step);
      const at = delay === undefined ? kept.ts : Math.max(kept.ts, this.now - delay);
      const list = picked[step];
      if (list === undefined) picked[step] = [{ at, input, kept }];
      else list.push({ at, input, kept });
    }
    advance(Number.POSITIVE_INFINITY);
    return picked;
  }
}

/** Moves what lies at or before a position; returns the rest. */
function takeUpTo<T>(list: T[], position: number, of: (one: T) => number, into: T[]): T[] {
  let count = 0;
  while (count < list.length && of(list[count] as T) <= position) count++;
  if (count === 0) return list;
  for (let i = 0; i < count; i++) into.push(list[i] as T);
  return list.slice(count);
}
