import { describe, expect, it } from 'vitest';
import { defaultTopology } from '../../pipeline/topology.ts';
import { evaluateStorm, STORM_CASES } from './sbe-storm.ts';

const judged = defaultTopology().nodes.some(({ id }) => id === 'conditions');

describe.each(STORM_CASES)('$name', (storm) => {
  it.skipIf(!judged)('is critical within two minutes, for errors and nothing else (skipped without conditions)', () => {
    const { warned_after_s, critical_after_s, critical_types } = evaluateStorm(storm);
    expect(critical_after_s).toBeLessThanOrEqual(120);
    expect(warned_after_s).toBeLessThanOrEqual(critical_after_s ?? 0);
    expect(critical_types.length).toBeGreaterThan(0);
  });

  it('tells nothing of the seven GPUs beside it', () => {
    expect(evaluateStorm(storm).false_alarms).toBe(0);
  });
});
