import { expect, it } from 'vitest';
import { GroupStates } from '../operators/core/group-state.ts';
import { anyTimeTopology } from './any-time-topology.fixture.ts';
import { settableClock } from './clock.ts';
import type { ContentType, RawMessage } from './contract/message.ts';
import type { Topology, TopologyNode } from './define-topology.ts';
import { storedMessages } from './kill-resume.fixture.ts';
import { Tables } from './resume.fixture.ts';
import { wireTopology } from './run-topology.ts';
import type { SinkItems } from './topology.ts';

/** An hour of a fleet with faults of every kind, as the stream holds it. */
function messages(): RawMessage[] {
  return storedMessages().map(({ subject, data, headers = {} }, i) => ({
    subject,
    data,
    content_type: headers['Content-Type'] as ContentType,
    position: i + 1,
    arrived_at: Number(headers['Event-Time']),
    event_time: Number(headers['Event-Time']),
  }));
}

/** All that an item says; its registry belongs to all. */
const spelled = (item: unknown): string =>
  JSON.stringify(item, (name, value: unknown) => {
    if (name === 'registry') return undefined;
    if (!ArrayBuffer.isView(value)) return value;
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  });

type Watch = (step: string, input: string, item: unknown) => () => void;
type Handler = (item: unknown, ...more: unknown[]) => unknown;

/** The same steps, each call of one told to who watches, before and after. */
function watched({ nodes }: Topology, watch: Watch): Topology {
  const around = (step: string, input: string, handler: Handler): Handler =>
    function (this: unknown, item, ...more) {
      const done = watch(step, input, item);
      const answer = handler.call(this, item, ...more);
      done();
      return answer;
    };
  const over = <T extends object>(operator: T, changes: object): T =>
    Object.assign(Object.create(operator) as T, changes);
  return {
    nodes: nodes.map((node): TopologyNode => {
      if (node.kind === 'operator') {
        const onBatch = around(node.id, 'rows', node.operator.onBatch as Handler);
        return { ...node, operator: over(node.operator, { onBatch }) };
      }
      if (node.kind === 'items') {
        const handlers = Object.entries(node.operator.on as Record<string, Handler>);
        const on = Object.fromEntries(handlers.map(([name, take]) => [name, around(node.id, name, take)]));
        const { onRows } = node.operator;
        const rows = onRows === undefined ? {} : { onRows: around(node.id, 'rows', onRows as Handler) };
        return { ...node, operator: over(node.operator, { on, ...rows }) };
      }
      if (node.kind === 'fleet') {
        const inputs = Object.entries(node.operator.on as Record<string, { pick: Handler }>);
        const on = Object.fromEntries(
          inputs.map(([name, input]) => [name, over(input, { pick: around(node.id, name, input.pick) })]),
        );
        return { ...node, operator: over(node.operator, { on }) };
      }
      return node;
    }),
  };
}

it('no step changes what another one has told', () => {
  const handed = new Set<string>();
  const changed = new Set<string>();
  const all = anyTimeTopology();
  const watching = watched(all, (step, input, item) => {
    handed.add(`${step} ${input}`);
    const before = spelled(item);
    return () => {
      if (spelled(item) !== before) changed.add(`${step} ${input}`);
    };
  });
  const { sinks } = new Tables();
  const wired = wireTopology<SinkItems>({
    topology: watching,
    states: new GroupStates(),
    sinks,
    clock: settableClock(0),
  });
  const stream = messages();
  for (let at = 0; at < stream.length; at += 40) wired.push(stream.slice(at, at + 40));
  expect([...changed]).toEqual([]);
  // What was handed nothing was not watched.
  const inputs = all.nodes.flatMap((node) =>
    node.kind === 'items' || node.kind === 'fleet' ? node.names.map((name) => `${node.id} ${name}`) : [],
  );
  // No board moves to another node in this hour.
  expect(inputs.filter((input) => !handed.has(input))).toEqual(['moved_gpus gone', 'correlate moves']);
});
