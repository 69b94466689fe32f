import { expect, it } from 'vitest';
import { jsonBytes } from '../../sinks/live/fleet.fixture.ts';
import { memoryBus } from '../../sinks/live/memory-bus.fixture.ts';
import { seen } from './finding.fixture.ts';
import { judgeFrames } from './frames.ts';
import { hearParts } from './hear-parts.ts';

it.each([
  ['nobody', [], []],
  ['one that reads all', [0, 0], ['frames ok']],
  ['one that could not read some once', [7, 7], ['frames ok']],
  ['one that cannot read what comes now', [7, 9], ['frames fail GV-WIR-002']],
  ['one that began again', [7, 0], ['frames ok']],
] as const)('live servers: %s', async (_, counts, expected) => {
  const bus = memoryBus();
  const hearing = hearParts(bus, 5);
  for (const live_frames_refused_total of counts) {
    bus.publish({ subject: 'vitals.metrics.live', data: jsonBytes({ live_frames_refused_total }) });
  }
  const findings = judgeFrames((await hearing).frames_refused, 2_300);
  expect(seen(findings)).toEqual(expected);
});

it('says what to do', () => {
  const [told] = judgeFrames({ first: 0, last: 3 }, 2_300);
  expect(told).toMatchObject({
    what: expect.stringMatching(/^3 frames of engines in 2.3 s/),
    action: expect.stringMatching(/upgraded first/),
  });
});
