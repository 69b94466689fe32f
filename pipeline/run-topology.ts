import { merge, type Observable, Subject } from 'rxjs';
import type { GroupStates } from '../operators/core/group-state.ts';
import { lift, stateSpecs } from '../operators/core/lift.ts';
import type { Clock } from './clock.ts';
import type { StateSpec } from './contract/operator.ts';
import type { Port, Sink } from './contract/ports.ts';
import type { OperatorNode, StageNode, Topology } from './define-topology.ts';

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
  /** End of the input: timers up to the watermark fire, none after. */
  finish(watermark: number): void;
  /** Waits while any sink is full; null when none is. */
  pressure(): Promise<void> | null;
  flush(): Promise<void>;
  close(): Promise<void>;
  readonly counters: readonly StepCounters[];
  /** Largest event time that reached the first operator, epoch ms. */
  readonly watermark: number;
}

/** State columns of every step, for restoring snapshots. */
export function topologyStateSpecs(topology: Topology): Map<string, StateSpec> {
  return new Map(
    topology.nodes.flatMap((node) => (node.kind === 'operator' ? stateSpecs(node.id, node.operator) : [])),
  );
}

const sizeOf = (item: unknown): number =>
  item !== null && typeof item === 'object' && 'rows' in item && typeof item.rows === 'number'
    ? item.rows
    : Array.isArray(item)
      ? item.length
      : 1;

/**
 * Nodes to Observables: one Subject per port carries whole batches, so the graph costs per batch and not per row.
 * Everything runs in one synchronous push; what must wait (full sinks) is asked for between pushes.
 */
export function wireTopology<SinkItems>(options: {
  readonly topology: Topology;
  readonly states: GroupStates;
  readonly sinks: Sinks<SinkItems>;
  readonly clock: Clock;
}): WiredTopology {
  const { topology, states, clock } = options;
  const sinks = options.sinks as Readonly<Record<string, Sink<unknown> | undefined>>;
  const streams = new Map<string, Observable<unknown>>();
  const counters: StepCounters[] = [];
  const finishers: ((watermark: number) => void)[] = [];
  const used: Sink<unknown>[] = [];
  const source = new Subject<unknown>();
  const gate = topology.nodes.find((node) => node.kind === 'operator')?.id;
  let failure: unknown = null;
  let watermark = 0;
  let nested_ms = 0;

  /** Times a step without what the steps behind it take, and keeps the first failure: RxJS would report it too late. */
  const around = (counter: StepCounters, item: unknown, call: () => void): void => {
    if (failure !== null) return;
    counter.items_in += sizeOf(item);
    counter.batches += 1;
    const outer_ms = nested_ms;
    nested_ms = 0;
    const started = clock.monotonic();
    try {
      call();
    } catch (error) {
      failure ??= error ?? new Error(`step ${counter.id} failed`);
    }
    const took_ms = clock.monotonic() - started;
    counter.busy_ms += took_ms - nested_ms;
    nested_ms = outer_ms + took_ms;
  };

  const inputOf = (inputs: readonly Port<unknown>[]): Observable<unknown> => {
    const found = inputs.map(({ step, name }) => {
      const stream = streams.get(`${step}.${name}`);
      if (!stream) throw new Error(`port ${step}.${name} is not there`);
      return stream;
    });
    return found.length === 1 ? (found[0] as Observable<unknown>) : merge(...found);
  };

  const publishPorts = (
    node: StageNode | OperatorNode,
    ports: Readonly<Record<string, Observable<unknown>>>,
    counter: StepCounters,
  ): void => {
    for (const [name, stream] of Object.entries(ports)) {
      streams.set(`${node.id}.${name}`, stream);
      stream.subscribe((item) => {
        counter.items_out += sizeOf(item);
      });
    }
  };

  for (const node of topology.nodes) {
    const counter: StepCounters = { id: node.id, kind: node.kind, items_in: 0, items_out: 0, batches: 0, busy_ms: 0 };
    counters.push(counter);
    switch (node.kind) {
      case 'source':
        streams.set(`${node.id}.out`, source);
        source.subscribe((item) => {
          counter.items_out += sizeOf(item);
          counter.batches += 1;
        });
        break;
      case 'stage': {
        const subjects = Object.fromEntries(node.ports.map((port) => [port, new Subject<unknown>()]));
        publishPorts(node, subjects, counter);
        const started = node.start(states) as unknown as {
          process(item: unknown, emit: (port: string, item: unknown) => void): void;
        };
        const emit = (port: string, item: unknown): void => subjects[port]?.next(item);
        inputOf(node.inputs).subscribe((item) => around(counter, item, () => started.process(item, emit)));
        break;
      }
      case 'operator': {
        const lifted = lift(node.id, node.operator, states, (batch, call) => {
          if (node.id === gate) {
            for (let row = 0; row < batch.rows; row++) {
              const ts = batch.ts[row] as number;
              if (ts > watermark) watermark = ts;
            }
          }
          around(counter, batch, call);
        })(inputOf(node.inputs) as never);
        publishPorts(node, lifted.ports as unknown as Readonly<Record<string, Observable<unknown>>>, counter);
        finishers.push(lifted.finish);
        break;
      }
      case 'sink': {
        const sink = sinks[node.id];
        if (!sink) break;
        used.push(sink);
        inputOf(node.inputs).subscribe((item) => around(counter, item, () => sink.write(item)));
        break;
      }
    }
  }

  const rethrow = (): void => {
    if (failure !== null) throw failure;
  };
  return {
    counters,
    get watermark() {
      return watermark;
    },
    push(item) {
      source.next(item);
      rethrow();
    },
    finish(end) {
      for (const finish of finishers) finish(end);
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
