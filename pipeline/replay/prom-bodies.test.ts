import { expect, it } from 'vitest';
import { promBodies } from './prom-bodies.ts';

const sample = (node: string): string => `DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="GPU-${node}",Hostname="${node}"} 40\n`;
const nodesOf = (text: string): string[] => promBodies(Buffer.from(text), 'fallback').map(({ node }) => node);

it('cuts by node, whatever was cut before', () => {
  expect(nodesOf(sample('a-node-with-a-long-name') + sample('b'))).toEqual(['a-node-with-a-long-name', 'b']);
  expect(nodesOf(sample('c'))).toEqual(['c']);
  expect(nodesOf('DCGM_FI_DEV_GPU_TEMP{gpu="0"} 40\n')).toEqual(['fallback']);
});
