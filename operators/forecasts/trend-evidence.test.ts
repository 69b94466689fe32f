import { describe, expect, it } from 'vitest';
import { isClimbing } from './trend-evidence.ts';

describe('trend evidence', () => {
  it.each<[string, number[], boolean]>([
    ['a slope', [50, 50.5, 51, 51.5, 52, 52.5, 53], true],
    ['a slope with noise', [50, 50.9, 50.8, 51.6, 52.3, 52.2, 53.2, 53.8], true],
    ['a step', [50, 50.1, 50, 50.1, 54, 54.1, 54, 54.1], false],
    ['a step that straddles two stretches', [50, 50.1, 50.2, 52.2, 54.2, 54.3, 54.4], false],
    ['a level', [50, 51, 50, 51, 50, 51, 50], false],
    ['a fall', [53, 52, 51, 50, 49, 48], false],
    ['a climb too small to matter', [50, 50.1, 50.2, 50.3, 50.4, 50.5], false],
    ['too little time', [50, 51, 52, 53, 54], false],
    ['nothing', [], false],
  ])('%s', (_, means, climbing) => {
    expect(isClimbing(means, 1)).toBe(climbing);
  });
});
