import type { Observable } from 'rxjs';
import type { GroupStates } from '../operators/core/group-state.ts';
import { type FleetEntry, finishFleet, pickForFleet, runFleet, waitForFleet } from '../operators/core/run-fleet.ts';
import { type ItemEntry, runItems } from '../operators/core/run-items.ts';
import { advanceTimers, finishTimers } from '../operators/core/timers.ts';
import type { Batch } from './contract/batch.ts';
import type { Port } from './contract/ports.ts';
import type { FleetNode, ItemsNode } from './define-topology.ts';

/** What caused the item that is being told: a row of the batch that is being pushed. */
export interface Cause {
  row: number;
  /** The fleet's clock by row; null at the end of the input. */
  clock: Float64Array | null;
  /** The event time that a step over the fleet had reached, when it is the cause; else null. */
  at: number | null;
  /** Of the batch's last message. */
  position: number;
}

export interface Drain {
  /** Runs what the batch of this group has brought. */
  drain(group: number): void;
  finish(group: number, watermark: number): void;
}

interface Wiring<Node> {
  readonly node: Node;
  readonly stream: (port: Port<unknown>) => Observable<unknown>;
  readonly states: GroupStates;
  readonly emit: (port: string, item: unknown) => void;
  readonly cause: Cause;
  /** Times a call, as of so many items. */
  readonly timed: (size: number, call: () => void) => void;
}

/** Collects the inputs of a step over items while its group's batch goes through the steps over rows. */
export function wireItems({ node, stream, states, emit, cause, timed }: Wiring<ItemsNode>): Drain {
  const { id, operator, names } = node;
  const { timer } = operator;
  const [rows, ...inputs] = node.inputs;
  let entries: ItemEntry[] = [];
  let clock: Float64Array | null = null;
  /** The rows of this push, where the step takes them too. */
  let lent: Batch | null = null;
  const told = (row: number, port: PropertyKey, item: unknown): void => {
    cause.row = row;
    cause.clock = clock;
    emit(port as string, item);
  };
  const drain = (group: number): void => {
    if (entries.length === 0 && lent === null) return;
    const [taken, batch] = [entries, lent];
    entries = [];
    lent = null;
    timed(taken.length, () => runItems(id, operator, states.get(group), taken, told, batch));
  };
  stream(rows as Port<unknown>).subscribe((item) => {
    const batch = item as Batch;
    clock = batch.clock;
    if (operator.onRows !== undefined) lent = batch;
    if (!timer) return;
    advanceTimers(id, timer.every, states.get(batch.group), batch, (now, row) => entries.push({ row, now }));
  });
  inputs.forEach((port, i) => {
    const input = names[i] as string;
    stream(port).subscribe((item) => {
      // Some are caused by rows that only their step takes.
      clock = cause.clock;
      entries.push({ row: cause.row, input, item });
    });
  });
  return {
    drain,
    finish(group, watermark) {
      clock = null;
      drain(group);
      if (timer === undefined) return;
      finishTimers(id, timer.every, states.get(group), watermark, (now) => entries.push({ row: 0, now }));
      drain(group);
    },
  };
}

export interface FleetStep {
  readonly id: string;
  /** Takes what was picked elsewhere of what the groups have told. */
  take(entries: readonly FleetEntry[]): void;
  run(clock: number, began: number): void;
  finish(watermark: number): void;
}

/** Hands on what a step over the fleet picks of its inputs, and the clock of the row that was the cause. */
export function wirePicks(
  { node, stream, states, cause }: Pick<Wiring<FleetNode>, 'node' | 'stream' | 'states' | 'cause'>,
  picked: (entry: FleetEntry, clock: number) => void,
): void {
  const { operator, names } = node;
  node.inputs.forEach((port, i) => {
    const input = names[i] as string;
    stream(port).subscribe((item) => {
      // After a restart the groups tell again what the fleet's snapshot has taken already.
      if (cause.at === null && cause.position <= states.fleet.position) return;
      const clock = cause.clock === null ? Number.NEGATIVE_INFINITY : (cause.clock[cause.row] as number);
      const entry = pickForFleet(operator, input, item, cause.at ?? clock - operator.delay);
      if (entry !== null) picked(entry, clock);
    });
  });
}

/** Collects the inputs of a step over the fleet, and runs it. */
export function wireFleet(wiring: Wiring<FleetNode>): FleetStep {
  const { node, states, emit, cause, timed } = wiring;
  const { id, operator } = node;
  let news = 0;
  const take = (entry: FleetEntry): void => {
    waitForFleet(id, states.fleet, entry);
    news += 1;
  };
  wirePicks(wiring, take);
  const told = (port: PropertyKey, item: unknown, at: number): void => {
    cause.at = at;
    emit(port as string, item);
    cause.at = null;
  };
  return {
    id,
    take(entries) {
      for (const entry of entries) take(entry);
    },
    run(clock, began) {
      const size = news;
      news = 0;
      timed(size, () => runFleet(id, operator, states.fleet, { now: clock, began }, told));
    },
    finish(watermark) {
      timed(0, () => finishFleet(id, operator, states.fleet, watermark, told));
    },
  };
}
