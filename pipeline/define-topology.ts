import type { GroupStates } from '../operators/core/group-state.ts';
import type { Batch } from './contract/batch.ts';
import type { Emit, FleetOperator, ItemOperator, Operator, StateSpec } from './contract/operator.ts';
import type { Port, Ports } from './contract/ports.ts';
import { type DurationMs, formatDuration } from './contract/time.ts';

/** A step that is not an operator over batches: it may change the shape of what flows. */
export interface Stage<In, P> {
  readonly name: string;
  readonly summary: string;
  readonly ports: readonly (keyof P & string)[];
  start(states: GroupStates): { process(item: In, emit: Emit<P>): void };
}

type Started = { process(item: never, emit: Emit<never>): void };
interface NodeBase {
  readonly id: string;
  readonly summary: string;
  readonly inputs: readonly Port<unknown>[];
  readonly ports: readonly string[];
}
export type SourceNode = NodeBase & { readonly kind: 'source' };
export type StageNode = NodeBase & { readonly kind: 'stage'; readonly start: (states: GroupStates) => Started };
export type OperatorNode = NodeBase & { readonly kind: 'operator'; readonly operator: Operator<StateSpec, never> };
/** `inputs` are the batches whose clock counts, then those of `names`, in order. */
export type ItemsNode = NodeBase & {
  readonly kind: 'items';
  readonly names: readonly string[];
  readonly operator: ItemOperator<unknown, StateSpec, never>;
};
export type FleetNode = NodeBase & {
  readonly kind: 'fleet';
  readonly names: readonly string[];
  readonly operator: FleetOperator<unknown, StateSpec, never>;
};
export type SinkNode = NodeBase & {
  readonly kind: 'sink';
  /** Steps over the fleet write to it too. */
  readonly of_fleet?: boolean;
  /** Several groups may write the same row, one after the other. */
  readonly of_several?: boolean;
};
export type TopologyNode = SourceNode | StageNode | OperatorNode | ItemsNode | FleetNode | SinkNode;

/** The dataflow as data: nodes in the order of their declaration, edges as inputs. */
export interface Topology {
  readonly nodes: readonly TopologyNode[];
}

/** Each input of an operator over items, from one port or from several. */
export type ItemInputs<Inputs> = {
  readonly [I in keyof Inputs]: Port<Inputs[I]> | readonly Port<Inputs[I]>[];
};

/** What the author of a topology writes with. `SinkItems` names the sinks and what each takes. */
export interface TopologyBuilder<SinkItems> {
  source<T>(id: string, options: { readonly summary: string; readonly lateness_max: DurationMs }): Port<T>;
  stage<In, P>(id: string, input: Port<In>, stage: Stage<In, P>): Ports<P>;
  /** Of several inputs, batches come in the order of the stream. */
  operator<S extends StateSpec, P>(
    id: string,
    input: Port<Batch> | readonly Port<Batch>[],
    operator: Operator<S, P>,
  ): Ports<P>;
  /** `rows`: the batches whose rows give the order and the clock. */
  items<Inputs, S extends StateSpec, P>(
    id: string,
    rows: Port<Batch>,
    inputs: ItemInputs<Inputs>,
    operator: ItemOperator<Inputs, S, P>,
  ): Ports<P>;
  fleet<Inputs, S extends StateSpec, P>(
    id: string,
    inputs: ItemInputs<Inputs>,
    operator: FleetOperator<Inputs, S, P>,
  ): Ports<P>;
  sink<K extends keyof SinkItems & string>(id: K, ...inputs: readonly Port<SinkItems[K]>[]): void;
  /** A sink to which several groups may write the same row, one after the other, as a board moves: one hand keeps them in order. */
  sharedSink<K extends keyof SinkItems & string>(id: K, ...inputs: readonly Port<SinkItems[K]>[]): void;
}

export function defineTopology<SinkItems>(author: (t: TopologyBuilder<SinkItems>) => void): Topology {
  const nodes: TopologyNode[] = [];
  const add = (node: TopologyNode): void => {
    if (nodes.some((other) => other.id === node.id)) throw new Error(`two steps are called ${node.id}`);
    nodes.push(node);
  };
  const portsOf = <P>(step: string, names: readonly (keyof P & string)[]): Ports<P> =>
    Object.fromEntries(names.map((name) => [name, { step, name }])) as unknown as Ports<P>;
  author({
    source(id, options) {
      const summary = `${options.summary}; lateness up to ${formatDuration(options.lateness_max)}`;
      add({ kind: 'source', id, summary, inputs: [], ports: ['out'] });
      return { step: id, name: 'out' };
    },
    stage(id, input, stage) {
      const { summary, ports } = stage;
      const start = (states: GroupStates): Started => stage.start(states) as unknown as Started;
      add({ kind: 'stage', id, summary, inputs: [input as Port<unknown>], ports, start });
      return portsOf(id, ports);
    },
    operator(id, input, operator) {
      const erased = operator as unknown as Operator<StateSpec, never>;
      add({
        kind: 'operator',
        id,
        summary: operator.summary,
        inputs: [input].flat() as Port<unknown>[],
        ports: operator.ports,
        operator: erased,
      });
      return portsOf(id, operator.ports);
    },
    items(id, rows, inputs, operator) {
      const { names, ports } = namedInputs(inputs);
      const erased = operator as unknown as ItemOperator<unknown, StateSpec, never>;
      const { summary } = operator;
      const all = [rows as Port<unknown>, ...ports];
      add({ kind: 'items', id, summary, inputs: all, names, ports: operator.ports, operator: erased });
      return portsOf(id, operator.ports);
    },
    fleet(id, inputs, operator) {
      const { names, ports } = namedInputs(inputs);
      const erased = operator as unknown as FleetOperator<unknown, StateSpec, never>;
      const { summary } = operator;
      add({ kind: 'fleet', id, summary, inputs: ports, names, ports: operator.ports, operator: erased });
      return portsOf(id, operator.ports);
    },
    sink(id, ...inputs) {
      const of_fleet = inputs.some(({ step }) => nodes.some((node) => node.id === step && node.kind === 'fleet'));
      add({ kind: 'sink', id, summary: '', inputs: inputs as readonly Port<unknown>[], ports: [], of_fleet });
    },
    sharedSink(id, ...inputs) {
      add({ kind: 'sink', id, summary: '', inputs: inputs as readonly Port<unknown>[], ports: [], of_several: true });
    },
  });
  return { nodes };
}

/** Ports one behind the other, and beside each the name of the input that it feeds. */
function namedInputs<Inputs>(inputs: ItemInputs<Inputs>): { names: string[]; ports: Port<unknown>[] } {
  const pairs = Object.entries<Port<unknown> | readonly Port<unknown>[]>(
    inputs as Readonly<Record<string, Port<unknown> | readonly Port<unknown>[]>>,
  ).flatMap(([name, from]) => [from].flat().map((port) => ({ name, port: port as Port<unknown> })));
  return { names: pairs.map(({ name }) => name), ports: pairs.map(({ port }) => port) };
}

const SHAPES: Readonly<Record<TopologyNode['kind'], readonly [string, string]>> = {
  source: ['([', '])'],
  stage: ['[', ']'],
  operator: ['[', ']'],
  items: ['[', ']'],
  fleet: ['[[', ']]'],
  sink: ['[(', ')]'],
};

/** The drawing, as Mermaid text. */
export function drawTopology(topology: Topology): string {
  const lines = ['flowchart LR'];
  for (const node of topology.nodes) {
    const [left, right] = SHAPES[node.kind];
    const note = node.summary === '' ? '' : `<br/><small>${node.summary}</small>`;
    lines.push(`  ${node.id}${left}"${node.id}${note}"${right}`);
  }
  for (const node of topology.nodes) {
    // Rows give steps over items their order and clock, and nothing to draw.
    for (const { step, name } of node.kind === 'items' ? node.inputs.slice(1) : node.inputs) {
      lines.push(name === 'out' ? `  ${step} --> ${node.id}` : `  ${step} -- ${name} --> ${node.id}`);
    }
  }
  return lines.join('\n');
}
