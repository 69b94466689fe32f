import { bytesPerGpu, GroupStates } from '../operators/core/group-state.ts';
import { type Clock, systemClock } from '../pipeline/clock.ts';
import { topologyStateSpecs, wireTopology } from '../pipeline/run-topology.ts';
import { defaultTopology, type SinkItems } from '../pipeline/topology.ts';
import { paneSums } from './bare-chain/pane-sums.ts';
import { windowSums } from './bare-chain/window-sums.ts';
import { CHAIN_WIDTH, type ChainFleet, GPUS_PER_NODE, scrapeTime } from './chain-fleet.ts';
import { encodingSinks, engineMessages } from './engine-load.ts';

export interface EngineBenchOptions {
  readonly gpus: number;
  readonly seed: number;
  /** Cadence of the first phase: as a history is filled in. */
  readonly interval_ms: number;
  readonly rows: number;
  /** Cadence of the second: at which so many rows a second from so many GPUs are life. */
  readonly live_interval_ms: number;
  readonly live_rows: number;
  /** Messages handed to the topology at a time, as the bus does to an engine that is behind. */
  readonly messages_per_push: number;
  /** And when it keeps up. */
  readonly messages_per_small_push: number;
  /** Rows pushed so. */
  readonly small_rows: number;
  readonly clock?: Clock;
}

export interface EngineBenchResult {
  readonly gpus: number;
  readonly rows: number;
  readonly rows_per_s: number;
  readonly live_rows_per_s: number;
  /** The least that any engine for this job does: one pane's sums and one z-score of every reading, nothing else. */
  readonly bare_rows_per_s: number;
  /** The same with the engine's four windows. */
  readonly bare_windows_rows_per_s: number;
  /** Per row, in microseconds, by step; what the bus and the database cost is not in it. */
  readonly step_us: Readonly<Record<string, number>>;
  readonly live_step_us: Readonly<Record<string, number>>;
  readonly state_bytes_per_gpu: number;
  /** Declared state per GPU by step, bytes. */
  readonly state_bytes: Readonly<Record<string, number>>;
  /** How long the thread was held by one push of a few messages, as they come in life. */
  readonly pauses: {
    readonly p50_ms: number;
    readonly p99_ms: number;
    readonly p999_ms: number;
    readonly max_ms: number;
    /** How many lasted at most so long, and longer than the limit before; the last is of those beyond. */
    readonly counts: Readonly<Record<string, number>>;
  };
}

const PAUSE_LIMITS_MS = [1, 2, 5, 10, 20, 50, Number.POSITIVE_INFINITY] as const;

export const ENGINE_BENCH_DEFAULTS = {
  gpus: 100_000,
  seed: 42,
  interval_ms: 10_000,
  // Half an hour of event time has everything in life's share: of each GPU six vectors, two of its health, one decision.
  rows: 18_000_000,
  live_interval_ms: 1_000,
  live_rows: 9_000_000,
  messages_per_push: 512,
  messages_per_small_push: 8,
  small_rows: 3_200_000,
} as const satisfies EngineBenchOptions;

export const EPOCH_MS = 1_767_225_600_000;

/** So that midnight, where panes of every length are turned over, lies in the middle of the small pushes. */
function startOf(options: EngineBenchOptions): number {
  const { gpus, rows, live_rows, small_rows, interval_ms, live_interval_ms } = options;
  const before_ms = (1 + rows / gpus) * interval_ms + ((live_rows + small_rows / 2) / gpus) * live_interval_ms;
  return EPOCH_MS - Math.round(before_ms / live_interval_ms) * live_interval_ms;
}

/** Everything between the bus and the network on one thread: decode, operators, and encoding for the database and the live view. */
export function benchEngine(options: EngineBenchOptions): EngineBenchResult {
  const { clock = systemClock } = options;
  const fleet: ChainFleet = { ...options, start_ms: startOf(options) };
  const source = engineMessages(fleet);
  const { nodes, messages } = source;
  const topology = defaultTopology();
  const wired = wireTopology<SinkItems>({
    topology,
    states: new GroupStates(),
    sinks: encodingSinks(),
    clock,
  });

  let rows = 0;
  let spent_ms = 0;
  const round = (rowsMax: number, messagesPerPush: number, took?: number[]): void => {
    for (rows = 0, spent_ms = 0; rows < rowsMax; ) {
      const poll = source.take(messagesPerPush);
      const started = clock.monotonic();
      wired.push(poll);
      const took_ms = clock.monotonic() - started;
      spent_ms += took_ms;
      took?.push(took_ms);
      rows += poll.length * GPUS_PER_NODE;
    }
  };
  const measured = (rowsMax: number): Phase => {
    const before = new Map(wired.counters.map(({ id, busy_ms }) => [id, busy_ms]));
    round(rowsMax, options.messages_per_push);
    const step_us = Object.fromEntries(
      wired.counters
        .map(({ id, busy_ms }) => [id, thousandth(((busy_ms - (before.get(id) ?? 0)) / rows) * 1_000)] as const)
        .filter(([, us]) => us > 0),
    );
    return { rows, rows_per_s: Math.round((rows / spent_ms) * 1_000), step_us };
  };
  // The first round meets every GPU; what is measured is the fleet as it lives on.
  round(nodes * GPUS_PER_NODE, options.messages_per_push);
  const filled = measured(options.rows);
  source.pace(options.live_interval_ms);
  const live = measured(options.live_rows);
  const took: number[] = [];
  round(options.small_rows, options.messages_per_small_push, took);
  took.sort((a, b) => a - b);
  const at = (share: number): number =>
    thousandth(took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0);
  const state_bytes = Object.fromEntries(
    [...topologyStateSpecs(topology)]
      .map(([step, spec]) => [step, bytesPerGpu(spec)] as const)
      .filter(([, b]) => b > 0),
  );
  return {
    gpus: nodes * GPUS_PER_NODE,
    rows: filled.rows,
    rows_per_s: filled.rows_per_s,
    live_rows_per_s: live.rows_per_s,
    bare_rows_per_s: bareLoop(paneSums(fleet.gpus), { fleet, messages, rows_max: options.rows / 6, clock }),
    bare_windows_rows_per_s: bareLoop(windowSums(fleet.gpus), { fleet, messages, rows_max: options.rows / 12, clock }),
    step_us: filled.step_us,
    live_step_us: live.step_us,
    state_bytes_per_gpu: Object.values(state_bytes).reduce((sum, bytes) => sum + bytes, 0),
    state_bytes,
    pauses: { p50_ms: at(0.5), p99_ms: at(0.99), p999_ms: at(0.999), max_ms: at(1), counts: countsOf(took) },
  };
}

function countsOf(took: readonly number[]): Record<string, number> {
  const named = PAUSE_LIMITS_MS.map((limit, i) => {
    const from = PAUSE_LIMITS_MS[i - 1] ?? Number.NEGATIVE_INFINITY;
    const name = Number.isFinite(limit) ? `up to ${limit} ms` : `over ${from} ms`;
    return [name, took.filter((ms) => ms > from && ms <= limit).length] as const;
  });
  return Object.fromEntries(named);
}

interface Phase {
  readonly rows: number;
  readonly rows_per_s: number;
  readonly step_us: Readonly<Record<string, number>>;
}

const thousandth = (value: number): number => Math.round(value * 1_000) / 1_000;

/** Rows per second of a yardstick's loop over the same readings, from arrays that lie ready. */
function bareLoop(
  sums: { add(gpu: number, ts: number, values: Float64Array, from: number): void },
  over: {
    readonly fleet: ChainFleet;
    readonly messages: readonly { readonly values: Float64Array }[];
    readonly rows_max: number;
    readonly clock: Clock;
  },
): number {
  const { fleet, messages, rows_max, clock } = over;
  let rows = 0;
  let spent_ms = 0;
  for (let turn = 0; turn === 0 || rows < rows_max; turn++) {
    // The first turn touches the memory for the first time, as the real one's first round does.
    const started = clock.monotonic();
    for (let node = 0; node < messages.length; node++) {
      const { values } = messages[node] as (typeof messages)[number];
      const ts = scrapeTime(fleet, turn, node);
      for (let row = 0; row < GPUS_PER_NODE; row++) {
        sums.add(node * GPUS_PER_NODE + row, ts, values, row * CHAIN_WIDTH);
      }
    }
    if (turn === 0) continue;
    spent_ms += clock.monotonic() - started;
    rows += messages.length * GPUS_PER_NODE;
  }
  return Math.round((rows / spent_ms) * 1_000);
}
