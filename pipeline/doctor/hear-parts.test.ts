import { expect, it } from 'vitest';
import { jsonBytes } from '../../sinks/live/fleet.fixture.ts';
import { memoryBus } from '../../sinks/live/memory-bus.fixture.ts';
import { hearParts } from './hear-parts.ts';

async function heard(told: readonly (readonly [string, unknown])[]) {
  const bus = memoryBus();
  const hearing = hearParts(bus, 5);
  for (const [subject, figures] of told) bus.publish({ subject, data: jsonBytes(figures) });
  return hearing;
}

it.each([
  ['nobody', [], null],
  ['one that is alone', [['vitals.metrics.collector', { scrapes: 3, failures: 1 }]], { scrapes: 3, failures: 1 }],
  [
    'each of several, the last that it said',
    [
      ['vitals.metrics.collector.a', { scrapes: 3 }],
      ['vitals.metrics.collector.a', { scrapes: 5, failures: 1 }],
      ['vitals.metrics.collector.b', { scrapes: 7, failures: 2 }],
    ],
    { scrapes: 12, failures: 3 },
  ],
  ['no rubbish', [['vitals.metrics.collector.a', 'x']], null],
] as const)('collectors: %s', async (_, told, expected) => {
  expect((await heard(told)).collector).toEqual(expected);
});
