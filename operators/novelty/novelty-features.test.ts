import { expect, it } from 'vitest';
import { vectorOf } from '../health/observations.fixture.ts';
import { inputIndex, keptRow } from './novelty-features.ts';

it.each([
  [16, 1],
  [8, 0.5],
  [Number.NaN, null],
])('%i of 16 lanes are a share of %s', (pcie_link_width, share) => {
  expect(keptRow(vectorOf({ pcie_link_width, pcie_max_link_width: 16 }))[inputIndex('pcie_width_share')]).toBe(share);
});
