import { expect, it } from 'vitest';
import { defaultTopology } from '../topology.ts';
import { splitTopology } from './split-topology.ts';

it('leaves no edge out and none between the halves but what the fleet picks', () => {
  const whole = defaultTopology();
  const { groups, fleet } = splitTopology(whole);
  const edges = ({ nodes }: typeof whole): string[] =>
    nodes.flatMap(({ id, inputs }) => inputs.map(({ step, name }) => `${step}.${name} > ${id}`));
  expect([...edges(groups), ...edges(fleet)].sort()).toEqual(edges(whole).sort());
  const kinds = (half: typeof whole): string[] => [...new Set(half.nodes.map(({ kind }) => kind))].sort();
  expect(kinds(groups)).toEqual(['fleet', 'items', 'operator', 'sink', 'source', 'stage']);
  expect(kinds(fleet)).toEqual(['fleet', 'sink']);
  const steps = new Set(groups.nodes.filter(({ kind }) => kind !== 'fleet').map(({ id }) => id));
  expect(groups.nodes.flatMap(({ inputs }) => inputs).every(({ step }) => steps.has(step))).toBe(true);
  const spanning = new Set(fleet.nodes.filter(({ kind }) => kind === 'fleet').map(({ id }) => id));
  expect(fleet.nodes.flatMap(({ inputs }) => inputs).every(({ step }) => spanning.has(step))).toBe(true);
  expect(fleet.nodes.filter(({ kind }) => kind === 'sink').map(({ id }) => id)).toEqual(
    expect.arrayContaining(['incidents', 'gpu_assets']),
  );
  for (const node of [...groups.nodes, ...fleet.nodes]) {
    if (node.kind === 'fleet') expect(node.names.length).toBe(node.inputs.length);
  }
});
