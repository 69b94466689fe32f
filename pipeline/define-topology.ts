import type { GroupStates } from '../operators/core/group-state.ts';
import type { Batch } from './contract/batch.ts';
import type { Emit, Operator, StateSpec } from './contract/operator.ts';
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
export type SinkNode = NodeBase & { readonly kind: 'sink' };
export type TopologyNode = SourceNode | StageNode | OperatorNode | SinkNode;

/** The dataflow as data: nodes in the order of their declaration, edges as inputs. */
export interface Topology {
  readonly nodes: readonly TopologyNode[];
}

/** What the author of a topology writes with. `SinkItems` names the sinks and what each takes. */
export interface TopologyBuilder<SinkItems> {
  source<T>(id: string, options: { readonly summary: string; readonly lateness_max: DurationMs }): Port<T>;
  stage<In, P>(id: string, input: Port<In>, stage: Stage<In, P>): Ports<P>;
  operator<S extends StateSpec, P>(id: string, input: Port<Batch>, operator: Operator<S, P>): Ports<P>;
  sink<K extends keyof SinkItems & string>(id: K, ...inputs: readonly Port<SinkItems[K]>[]): void;
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
        inputs: [input as Port<unknown>],
        ports: operator.ports,
        operator: erased,
      });
      return portsOf(id, operator.ports);
    },
    sink(id, ...inputs) {
      add({ kind: 'sink', id, summary: '', inputs: inputs as readonly Port<unknown>[], ports: [] });
    },
  });
  return { nodes };
}

const SHAPES: Readonly<Record<TopologyNode['kind'], readonly [string, string]>> = {
  source: ['([', '])'],
  stage: ['[', ']'],
  operator: ['[', ']'],
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
    for (const { step, name } of node.inputs) {
      lines.push(name === 'out' ? `  ${step} --> ${node.id}` : `  ${step} -- ${name} --> ${node.id}`);
    }
  }
  return lines.join('\n');
}
