import { expect, it } from 'vitest';
import type { NetworkOrigin } from './bundle.ts';
import { networkInWords } from './network-in-words.ts';

const origin: NetworkOrigin = {
  trained_on: 'mixed',
  began_with: 'simulated',
  from: Date.UTC(2026, 0, 1),
  to: Date.UTC(2026, 3, 1),
  gpus: 400,
  failing_gpus: 61,
  gpu_steps: 2_000_000,
  backend: 'wasm',
  ended: 'patience',
  loss: 0.0712,
  loss_before: 0.0934,
};

it('says what a network has seen, and of the shipped one that it saw simulated fleets', () => {
  expect(networkInWords(null)).toBe('none');
  expect(networkInWords({ document: {}, origin: null })).toBe('as shipped, trained on simulated fleets');
  expect(networkInWords({ document: {}, origin })).toBe(
    "trained on simulated fleets first, then this fleet's own history, 2026-01-01 to 2026-04-01; 400 boards of which 61 failed, 2000000 steps on wasm, from a network that was trained on simulated fleets; loss 0.0712 on boards that it did not learn from, 0.0934 before",
  );
  const own = networkInWords({
    document: {},
    origin: { ...origin, trained_on: 'real', began_with: 'nothing', ended: 'time' },
  });
  expect(own).toContain("this fleet's own history");
  expect(own).not.toContain('simulated');
  expect(own).toContain('until its time was over');
});
