import { expect, it } from 'vitest';
import { Assets } from '../../pipeline/asset-book.ts';
import { defaultTopology } from '../../pipeline/topology.ts';
import { judgedTopology, loadOptional, optionalStepOf } from './judged-topology.ts';

const steps = (nodes: readonly { readonly id: string }[]): string[] => nodes.map(({ id }) => id);
const anomaliesOf = (topology: ReturnType<typeof judgedTopology>) =>
  topology.nodes.find(({ id }) => id === 'anomalies')?.inputs;

it('is the product as it ships', () => {
  const topology = judgedTopology({ assets: new Assets(), optional: null });
  expect(steps(topology.nodes)).toEqual(steps(defaultTopology().nodes));
  expect(anomaliesOf(topology)).toEqual(anomaliesOf(defaultTopology()));
});

it('keeps what is off by default apart, and changes nothing else', async () => {
  const topology = judgedTopology({ assets: new Assets(), optional: await loadOptional() });
  const added = steps(topology.nodes).filter((id) => !steps(defaultTopology().nodes).includes(id));
  const off = added.flatMap((id) => optionalStepOf(id) ?? []).toSorted();
  expect(off).toEqual(['density', 'reconstruction']);
  expect(added.toSorted()).toEqual([...off.map((step) => `anomalies of ${step}`), ...off]);
  expect(anomaliesOf(topology)).toEqual(anomaliesOf(defaultTopology()));
  for (const step of off) {
    expect(
      topology.nodes.filter(({ inputs }) => inputs.some((port) => port.step === step)).map(({ id }) => id),
    ).toEqual([`anomalies of ${step}`]);
  }
});
