import { expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { splitTopology } from '../shards/split-topology.ts';
import { defaultTopology } from '../topology.ts';
import { rehearse } from './rehearse.ts';

it('gives every step over rows and items something to do', () => {
  const { groups } = splitTopology(defaultTopology());
  const done = new Map(rehearse(groups, systemClock).map(({ id, items_in }) => [id, items_in]));
  const steps = groups.nodes.filter(({ kind }) => kind === 'operator' || kind === 'items').map(({ id }) => id);
  expect(steps.length).toBeGreaterThan(15);
  expect(steps.filter((id) => (done.get(id) ?? 0) === 0)).toEqual([]);
});
