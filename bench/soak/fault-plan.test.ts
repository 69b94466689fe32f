import { expect, it } from 'vitest';
import { planFaults } from './fault-plan.ts';

const MINUTE_MS = 60_000;
const HOUR = { duration_ms: 60 * MINUTE_MS, every_ms: 3 * MINUTE_MS, calm_ms: 5 * MINUTE_MS };

it('gives everybody a turn within an hour, in the order of time, and leaves beginning and end alone', () => {
  const faults = planFaults({ seed: 1, ...HOUR });
  expect(faults).toHaveLength(17);
  expect(new Set(faults.filter(({ kind }) => kind === 'kill').map(({ target }) => target))).toEqual(
    new Set(['engine', 'questdb', 'nats', 'collector', 'api']),
  );
  const at = faults.map(({ at_ms }) => at_ms);
  expect(at).toEqual([...at].sort((a, b) => a - b));
  expect(Math.min(...at)).toBeGreaterThan(4 * MINUTE_MS);
  expect(Math.max(...at)).toBeLessThan(56 * MINUTE_MS);
  for (const { for_ms } of faults) expect(for_ms).toBeGreaterThanOrEqual(2_000);
});

it('is the same for the same seed, and another for another', () => {
  expect(planFaults({ seed: 7, ...HOUR })).toEqual(planFaults({ seed: 7, ...HOUR }));
  expect(planFaults({ seed: 7, ...HOUR })).not.toEqual(planFaults({ seed: 8, ...HOUR }));
});
