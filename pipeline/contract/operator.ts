import type { Batch } from './batch.ts';
import type { DurationMs } from './time.ts';

/**
 * An operator is plain logic over (state, batch, time). It declares its state as columns, so that the floor can allocate,
 * grow, clear, snapshot and restore it; it keeps nothing anywhere else. The laws in operators/core/laws.ts hold for all.
 */
export type ElementType = 'f64' | 'f32' | 'u32' | 'u16' | 'u8';

export interface StateColumn {
  /** Whether there is one cell (of `width` elements) per GPU, per node, or one for the whole group. */
  readonly scope: 'gpu' | 'node' | 'group';
  readonly type: ElementType;
  readonly width: number;
  /** What a new cell holds. */
  readonly initial: number;
}
export type StateSpec = Readonly<Record<string, StateColumn>>;

interface ElementArrays {
  readonly f64: Float64Array;
  readonly f32: Float32Array;
  readonly u32: Uint32Array;
  readonly u16: Uint16Array;
  readonly u8: Uint8Array;
}
/** The arrays behind a spec: cell i of a column starts at i * width. Arrays move when they grow: never keep one. */
export type State<S extends StateSpec> = { readonly [K in keyof S]: ElementArrays[S[K]['type']] };

export type Emit<Ports> = <P extends keyof Ports>(port: P, item: Ports[P]) => void;

export interface Operator<S extends StateSpec, Ports> {
  readonly name: string;
  /** One sentence for the drawing and the documentation. */
  readonly summary: string;
  readonly state: S;
  /** Declared ports, in the order of the drawing. */
  readonly ports: readonly (keyof Ports & string)[];
  onBatch(batch: Batch, state: State<S>, emit: Emit<Ports>): void;
  /**
   * Timers: called once at every multiple of `every` that the group's clock (the largest event time seen, row by row)
   * passes, before the row that passed it. Batches are cut there, so that rows and timers keep one order everywhere.
   * A gap that passes more than 2,016 multiples fires the last 2,016.
   */
  readonly timer?: {
    readonly every: DurationMs;
    onTime(now: number, group: GroupView, state: State<S>, emit: Emit<Ports>): void;
  };
}

/** What a timer may know of its group. */
export type GroupView = Pick<Batch, 'group' | 'registry'>;
