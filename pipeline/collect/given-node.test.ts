import { expect, it } from 'vitest';
import { ExpositionParser } from './exposition-parser.ts';
import { underGivenNode } from './given-node.ts';
import { parseTarget } from './targets.ts';

const POD = 'nvidia-dcgm-exporter-q28k4';
const page = (...hosts: readonly string[]): Uint8Array =>
  Buffer.from(hosts.map((host, i) => `DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="GPU-${i}",Hostname="${host}"} 40\n`).join(''));
const nodes = (body: Uint8Array, labels: Record<string, string>): string[] => {
  const target = parseTarget('10.0.0.7', labels);
  const scrapes = new ExpositionParser().parse(body, { fallback_node: target.node, ts: 1 });
  return underGivenNode(scrapes, target).map(({ node }) => node);
};

it.each([
  ['the label node counts, not the name of a pod', page(POD), { node: 'gpu-7' }, ['gpu-7']],
  ['an instance is an address, no name', page(POD), { instance: 'gpu-7:9400' }, [POD]],
  ['a page of several hosts keeps their names', page('a', 'b'), { node: 'gateway' }, ['a', 'b']],
  ['a page without hosts', Buffer.from('DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="GPU-0"} 40\n'), { node: 'n' }, ['n']],
  ['an empty label is none', page(POD), { node: '' }, [POD]],
] as const)('%s', (_, body, labels, expected) => {
  expect(nodes(body, labels)).toEqual(expected);
});
