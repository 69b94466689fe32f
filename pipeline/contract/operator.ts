import type { Batch } from './batch.ts';
import type { DurationMs } from './time.ts';

/**
 * An operator is plain logic over (state, batch, time). It declares its state as columns, so that the floor can allocate,
 * grow, clear, snapshot and restore it; it keeps nothing anywhere else. The laws in operators/core/laws.ts hold for all.
 */
export type ElementType =
  | 'f64'
  | 'f32'
  | 'u32'
  | 'u16'
  | 'u8'
  /** Plain data of any shape (what JSON carries), null = none. For what few GPUs have at a time, never touched per row. */
  | 'record';

export interface StateColumn {
  /** Whether there is one cell (of `width` elements) per GPU, per node, or one for the whole group. */
  readonly scope: 'gpu' | 'node' | 'group';
  readonly type: ElementType;
  readonly width: number;
  /** What a new cell holds; records begin as null, whatever stands here. */
  readonly initial: number;
}
export type StateSpec = Readonly<Record<string, StateColumn>>;

interface ElementArrays {
  readonly f64: Float64Array;
  readonly f32: Float32Array;
  readonly u32: Uint32Array;
  readonly u16: Uint16Array;
  readonly u8: Uint8Array;
  readonly record: unknown[];
}
/** The arrays behind a spec: cell i of a column starts at i * width. Arrays move when they grow: never keep one. */
export type State<S extends StateSpec> = { readonly [K in keyof S]: ElementArrays[S[K]['type']] };

export type Emit<Ports> = <P extends keyof Ports>(port: P, item: Ports[P]) => void;
/**
 * What `onBatch` tells its items with: `row` is the row that caused the item, so that whoever takes items of several steps
 * gets them in the order of the rows, however the stream was cut into batches. A port of batches needs none.
 */
export type EmitFrom<Ports> = <P extends keyof Ports>(
  port: P,
  item: Ports[P],
  ...row: Ports[P] extends Batch ? [] : [row: number]
) => void;

export interface Operator<S extends StateSpec, Ports> {
  readonly name: string;
  /** One sentence for the drawing and the documentation. */
  readonly summary: string;
  readonly state: S;
  /** Declared ports, in the order of the drawing. */
  readonly ports: readonly (keyof Ports & string)[];
  onBatch(batch: Batch, state: State<S>, emit: EmitFrom<Ports>): void;
  /**
   * Timers: called once at every multiple of `every` that the group's clock (the largest event time seen, row by row)
   * passes, before the row that passed it. Batches are cut there, so that rows and timers keep one order everywhere.
   * A gap that passes more than 2,016 multiples fires the last 2,016.
   */
  readonly timer?: {
    readonly every: DurationMs;
    onTime(now: number, group: GroupView, state: State<S>, emit: Emit<Ports>): void;
  };
  /** The end of the input, at its largest event time: whoever tells things from time to time tells how they stand now. */
  finish?(now: number, group: GroupView, state: State<S>, emit: Emit<Ports>): void;
}

/** What a timer may know of its group. */
export type GroupView = Pick<Batch, 'group' | 'registry'>;

/**
 * Logic over what other steps have found (vectors, anomalies, XIDs): items of one key group, in the order of the rows that
 * caused them; of one row, in the order of the steps in the topology. Its own items count as caused by the same row.
 */
export interface ItemOperator<Inputs, S extends StateSpec, Ports> {
  readonly name: string;
  readonly summary: string;
  readonly state: S;
  readonly ports: readonly (keyof Ports & string)[];
  readonly on: {
    readonly [I in keyof Inputs]: (item: Inputs[I], group: GroupView, state: State<S>, emit: Emit<Ports>) => void;
  };
  /** Rows, for whoever has to know when a GPU was there: each after what was found in it, before what the next one brings. */
  onRows?(batch: Batch, state: State<S>, emit: EmitFrom<Ports>): void;
  /** As an operator's, on the group's clock; fires before the items of the row that passed it. */
  readonly timer?: {
    readonly every: DurationMs;
    onTime(now: number, group: GroupView, state: State<S>, emit: Emit<Ports>): void;
  };
}

/** One input of a fleet operator. */
export interface FleetInput<In, Kept extends FleetItem, S extends StateSpec, Ports> {
  /** What of an item waits for its turn: plain data (what JSON carries), small; null leaves the item out. */
  pick(item: In): Kept | null;
  take(kept: Kept, state: State<S>, emit: Emit<Ports>): void;
}

/** What waits for its turn: something that happened at an instant, on a node. */
export interface FleetItem {
  readonly ts: number;
  readonly node: string;
}

/**
 * Logic over all groups: items of the whole fleet in the order of event time, of one instant by node. An item is taken once
 * the fleet's clock (the largest event time in the stream so far) is `delay` past it; one that comes later is taken as if
 * it were of the edge. Its state is of scope `group`: there is one of it.
 */
export interface FleetOperator<Inputs, S extends StateSpec, Ports> {
  readonly name: string;
  readonly summary: string;
  readonly state: S;
  readonly ports: readonly (keyof Ports & string)[];
  readonly delay: DurationMs;
  // biome-ignore lint/suspicious/noExplicitAny: what waits is each input's own affair
  readonly on: { readonly [I in keyof Inputs]: FleetInput<Inputs[I], any, S, Ports> };
  /** Called at every multiple of `every` that the items' order passes. */
  readonly timer?: {
    readonly every: DurationMs;
    onTime(now: number, state: State<S>, emit: Emit<Ports>): void;
  };
}
