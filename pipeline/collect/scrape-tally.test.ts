import { expect, it } from 'vitest';
import { ExpositionParser } from './exposition-parser.ts';
import { ScrapeTally } from './scrape-tally.ts';

const PAGE = [
  'DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="GPU-a"} 41',
  'DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-a"} 300',
  'DCGM_FI_DEV_SM_CLOCK{gpu="0",UUID="GPU-a"} 2147483632',
  'DCGM_FI_DEV_GPU_TEMP{gpu="1",UUID="GPU-b"} -400',
  'DCGM_FI_DEV_FAN_DREAMS{gpu="1",UUID="GPU-b"} 1',
  'DCGM_FI_DEV_FAN_DREAMS{gpu="0",UUID="GPU-a"} 1',
].join('\n');

it('counts what pages held and what of it is neither a value nor refused', () => {
  const tally = new ScrapeTally();
  const parser = new ExpositionParser();
  for (const ts of [1_767_225_600_000, 1_767_225_610_000]) {
    for (const scrape of parser.parse(Buffer.from(PAGE), { fallback_node: 'n', ts })) tally.add(scrape);
  }
  expect({ ...tally }).toEqual({ rows: 4, samples: 4, refusals: 2, blanks: 2, unknown_metrics: 4 });
});
