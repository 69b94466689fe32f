import { expect, it } from 'vitest';
import type { FaultTarget } from './fault-plan.ts';
import { keepRunning } from './keep-running.ts';

it('starts again what ended by itself, tries again when that fails, and leaves alone what is down on purpose', async () => {
  const down = new Set<FaultTarget>(['engine', 'nats']);
  const ends: string[] = [];
  let starts = 0;
  const keeper = keepRunning({
    system: {
      pid: (target) => (down.has(target) ? null : 1),
      async start(target) {
        if (starts++ === 0) throw new Error('no port');
        down.delete(target);
        return 1;
      },
    },
    targets: ['engine', 'nats', 'api'],
    struck: () => 'nats',
    onEnd: (how) => ends.push(how),
    look_every_ms: 1,
  });
  await expect.poll(() => down.has('engine')).toBe(false);
  await keeper.stop();
  expect(ends).toEqual([
    'engine ended by itself',
    'engine did not start again: Error: no port',
    'engine ended by itself',
  ]);
  expect([...down]).toEqual(['nats']);
});
