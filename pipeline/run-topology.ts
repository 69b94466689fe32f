import { merge, type Observable, Subject } from 'rxjs';
import { SWEEP_STATE, SWEEP_STEP } from '../operators/core/daily-sweep.ts';
import { BEGAN, CLOCK_STATE, CLOCK_STEP, NOW } from '../operators/core/fleet-clock.ts';
import type { GroupStates } from '../operators/core/group-state.ts';
import { lift, stateSpecs } from '../operators/core/lift.ts';
import { type FleetEntry, type FleetTime, fleetSpecs } from '../operators/core/run-fleet.ts';
import type { Clock } from './clock.ts';
import type { Batch } from './contract/batch.ts';
import type { FleetItem, StateSpec } from './contract/operator.ts';
import type { Port, Sink } from './contract/ports.ts';
import type { Topology, TopologyNode } from './define-topology.ts';
import { isBatch, sizeOf } from './item-size.ts';
import { notePlace } from './step-place.ts';
import type { StepTraces } from './telemetry/step-traces.ts';
import { type Cause, type Drain, type FleetStep, wireFleet, wireItems, wirePicks } from './wire-items.ts';

export type Sinks<SinkItems> = { readonly [K in keyof SinkItems]?: Sink<SinkItems[K]> };

export interface StepCounters {
  readonly id: string;
  readonly kind: string;
  /** Rows of batches, or single items. */
  items_in: number;
  items_out: number;
  batches: number;
  /** Time spent in the step itself, not in those behind it. */
  busy_ms: number;
}

export interface WiredTopology {
  /** Pushes one item of the source through the whole graph, synchronously. Throws when an invariant is broken. */
  push(item: unknown): void;
  /** What steps over the fleet have picked elsewhere, by step, and the fleet's clock since: runs those steps. */
  pushPicked(picked: Picked, time: FleetTime): void;
  /** End of the input: timers up to the watermark fire, none after; then every step tells how things stand. */
  finish(watermark: number): void;
  /** Waits while any sink is full; null when none is. */
  pressure(): Promise<void> | null;
  flush(): Promise<void>;
  close(): Promise<void>;
  readonly counters: readonly StepCounters[];
  /** Largest event time that reached the first operator, epoch ms. */
  readonly watermark: number;
}

/** What waits for steps over the fleet, by step; of one step in the order in which it was told. */
export type Picked = Readonly<Record<string, readonly FleetEntry[]>>;

/** State columns of every step of the groups, for restoring snapshots. */
export const topologyStateSpecs = (topology: Topology): Map<string, StateSpec> =>
  new Map([
    [SWEEP_STEP, SWEEP_STATE] as [string, StateSpec],
    ...topology.nodes.flatMap((node) =>
      node.kind === 'operator' || node.kind === 'items' ? stateSpecs(node.id, node.operator) : [],
    ),
  ]);

/** State columns of the steps that span the groups. */
export const fleetStateSpecs = (topology: Topology): Map<string, StateSpec> =>
  new Map([
    [CLOCK_STEP, CLOCK_STATE] as [string, StateSpec],
    ...topology.nodes.flatMap((node) => (node.kind === 'fleet' ? fleetSpecs(node.id, node.operator) : [])),
  ]);

/**
 * Nodes to Observables: one Subject per port carries whole batches, so the graph costs per batch and not per row.
 * Everything runs in one synchronous push: a group's batch goes through all steps over rows, then what they found through
 * the steps over items, and at the end of the push what all groups found through the steps over the fleet. What must wait
 * (full sinks) is asked for between pushes.
 */
export function wireTopology<SinkItems>(options: {
  readonly topology: Topology;
  readonly states: GroupStates;
  readonly sinks: Sinks<SinkItems>;
  readonly clock: Clock;
  /**
   * Takes what steps over the fleet pick, where they run elsewhere; without it they run here. Rows of sinks to which such
   * steps write too are picked as well: a row that replaces another one has to come after it, so one hand writes both.
   * `clock`: of the row that was the cause, as its message told it.
   */
  readonly picked?: (step: string, entry: FleetEntry, clock: number) => void;
  /** Watches the steps of what belongs to a trace; nobody when absent. */
  readonly traces?: StepTraces | null;
}): WiredTopology {
  const { topology, states, clock, picked, traces = null } = options;
  const sinks = options.sinks as Readonly<Record<string, Sink<unknown> | undefined>>;
  const streams = new Map<string, Observable<unknown>>();
  const counters: StepCounters[] = [];
  const used: Sink<unknown>[] = [];
  const source = new Subject<unknown>();
  const gate = topology.nodes.find((node) => node.kind === 'operator')?.id;
  const cause: Cause = { row: 0, clock: null, at: null, position: 0 };
  const operators: ((group: number, watermark: number) => void)[] = [];
  const itemSteps: Drain[] = [];
  const fleetSteps: FleetStep[] = [];
  /** Sinks that groups and steps over the fleet write to. */
  const shared = new Map<string, (row: unknown) => void>();
  let failure: unknown = null;
  let watermark = 0;
  let nested_ms = 0;
  /** Whose batch is under way. */
  let group: number | null = null;

  /** Times a step without what the steps behind it take, and keeps the first failure: RxJS would report it too late. */
  const around = (counter: StepCounters, size: number, call: () => void): void => {
    if (failure !== null) return;
    counter.items_in += size;
    counter.batches += 1;
    const outer_ms = nested_ms;
    nested_ms = 0;
    const started = clock.monotonic();
    const depths = traces?.active === true ? traces.stepBegins(counter, size, started) : null;
    let why: string | null = null;
    try {
      call();
    } catch (error) {
      failure ??= error ?? new Error(`step ${counter.id} failed`);
      why = String(error);
      notePlace(failure, { step: counter.id, group, position: group === null ? null : cause.position });
    }
    const ended = clock.monotonic();
    if (depths !== null) traces?.stepEnds(depths, ended, why);
    const took_ms = ended - started;
    counter.busy_ms += took_ms - nested_ms;
    nested_ms = outer_ms + took_ms;
  };

  const stream = ({ step, name }: Port<unknown>): Observable<unknown> => {
    const found = streams.get(`${step}.${name}`);
    if (!found) throw new Error(`port ${step}.${name} is not there`);
    return found;
  };
  const inputOf = (inputs: readonly Port<unknown>[]): Observable<unknown> => merge(...inputs.map(stream));

  const publish = (node: TopologyNode, counter: StepCounters, ports: Readonly<Record<string, Observable<unknown>>>) => {
    for (const [name, port] of Object.entries(ports)) {
      streams.set(`${node.id}.${name}`, port);
      port.subscribe((item) => {
        counter.items_out += sizeOf(item);
      });
    }
  };
  /** Subjects for the ports of a step, and the function that fills them. */
  const open = (node: TopologyNode, counter: StepCounters): ((port: string, item: unknown) => void) => {
    const subjects = Object.fromEntries(node.ports.map((port) => [port, new Subject<unknown>()]));
    publish(node, counter, subjects);
    return (port, item) => subjects[port]?.next(item);
  };

  /**
   * Groups tell again what the fleet's snapshot has behind it. All of that was made durable before that snapshot was written,
   * and the fleet may have replaced rows of it since, which it will not do again: such rows are not written again.
   */
  let again = false;
  /** A group's batch through everything: rows first, then what they caused. */
  const withItems = (batch: Batch, call: () => void): void => {
    cause.position = batch.position;
    again = batch.position > 0 && batch.position <= states.fleet.position;
    group = batch.group;
    traces?.enter(group);
    call();
    for (const { drain } of itemSteps) drain(batch.group);
    again = false;
    group = null;
    traces?.leave();
  };

  for (const node of topology.nodes) {
    const counter: StepCounters = { id: node.id, kind: node.kind, items_in: 0, items_out: 0, batches: 0, busy_ms: 0 };
    counters.push(counter);
    const timed = (size: number, call: () => void): void => around(counter, size, call);
    switch (node.kind) {
      case 'source':
        streams.set(`${node.id}.out`, source);
        source.subscribe((item) => {
          counter.items_out += sizeOf(item);
          counter.batches += 1;
        });
        break;
      case 'stage': {
        const emit = open(node, counter);
        const started = node.start(states) as unknown as {
          process(item: unknown, emit: (port: string, item: unknown) => void): void;
        };
        const told = (port: string, item: unknown): void => {
          if (isBatch(item)) withItems(item, () => emit(port, item));
          else emit(port, item);
        };
        inputOf(node.inputs).subscribe((item) => timed(sizeOf(item), () => started.process(item, told)));
        break;
      }
      case 'operator': {
        let batchClock: Float64Array | null = null;
        const lifted = lift(
          node.id,
          node.operator,
          states,
          (batch, call) => {
            if (node.id === gate) {
              for (let row = 0; row < batch.rows; row++) {
                const ts = batch.ts[row] as number;
                if (ts > watermark) watermark = ts;
              }
            }
            batchClock = batch.clock;
            timed(batch.rows, call);
          },
          (row) => {
            cause.row = row;
            cause.clock = batchClock;
          },
        )(inputOf(node.inputs) as never);
        publish(node, counter, lifted.ports as unknown as Readonly<Record<string, Observable<unknown>>>);
        operators.push((group, end) => {
          batchClock = null;
          timed(0, () => lifted.finish(states.get(group), end));
        });
        break;
      }
      case 'items':
        itemSteps.push(wireItems({ node, stream, states, emit: open(node, counter), cause, timed }));
        break;
      case 'fleet':
        if (picked) wirePicks({ node, stream, states, cause }, (entry, clock) => picked(node.id, entry, clock));
        else fleetSteps.push(wireFleet({ node, stream, states, emit: open(node, counter), cause, timed }));
        break;
      case 'sink': {
        const sink = sinks[node.id];
        if (!sink) break;
        used.push(sink);
        const replaced = sink.appends !== true && node.of_fleet;
        const of_one_hand = replaced || node.of_several === true;
        if (of_one_hand) shared.set(node.id, (row) => timed(1, () => sink.write(row)));
        if (of_one_hand && picked) {
          inputOf(node.inputs).subscribe((item) => {
            if (replaced && cause.position <= states.fleet.position) return;
            const clock = cause.clock === null ? Number.NEGATIVE_INFINITY : (cause.clock[cause.row] as number);
            const kept = item as FleetItem;
            picked(node.id, { at: kept.ts, input: '', kept }, clock);
          });
          break;
        }
        inputOf(node.inputs).subscribe((item) => {
          if (!(again && replaced)) timed(sizeOf(item), () => sink.write(item));
        });
        break;
      }
    }
  }

  const rethrow = (): void => {
    if (failure !== null) throw failure;
  };
  const runFleetSteps = (): void => {
    const { clock: now } = states.fleet.columns(CLOCK_STEP, CLOCK_STATE);
    for (const { run } of fleetSteps) run(now[NOW] as number, now[BEGAN] as number);
    rethrow();
  };
  return {
    counters,
    get watermark() {
      return watermark;
    },
    push(item) {
      source.next(item);
      runFleetSteps();
    },
    pushPicked(entries, time) {
      const { clock: cells } = states.fleet.columns(CLOCK_STEP, CLOCK_STATE);
      cells[BEGAN] = time.began;
      cells[NOW] = time.now;
      for (const [id, write] of shared) for (const { kept } of entries[id] ?? []) write(kept);
      for (const { id, take } of fleetSteps) take(entries[id] ?? []);
      runFleetSteps();
    },
    finish(end) {
      cause.position = Number.POSITIVE_INFINITY;
      for (const { group } of states.all()) {
        for (const finish of operators) finish(group, end);
        for (const { finish } of itemSteps) finish(group, end);
      }
      for (const { finish } of fleetSteps) finish(end);
      rethrow();
    },
    pressure() {
      const full = used.map((sink) => sink.pressure()).filter((wait): wait is Promise<void> => wait !== null);
      return full.length === 0 ? null : Promise.all(full).then(() => undefined);
    },
    async flush() {
      await Promise.all(used.map((sink) => sink.flush()));
    },
    async close() {
      source.complete();
      await Promise.all(used.map((sink) => sink.close()));
    },
  };
}
