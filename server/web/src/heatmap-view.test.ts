import { describe, expect, it } from 'vitest';
import { moved, onMap, showing, WHOLE_MAP, zoomed } from './heatmap-view.ts';

const size = { width: 1_000, height: 600 };

describe('a view of the map', () => {
  it('keeps the point under the pointer where it is', () => {
    const view = zoomed(WHOLE_MAP, 3, [400, 200], size);
    expect(onMap(view, 400, 200)).toEqual([400, 200]);
    const more = zoomed(view, 2, [700, 100], size);
    const [before, after] = [onMap(view, 700, 100), onMap(more, 700, 100)];
    expect(after[0]).toBeCloseTo(before[0]);
    expect(after[1]).toBeCloseTo(before[1]);
  });

  it.each([
    ['smaller than the whole', zoomed(WHOLE_MAP, 0.2, [5, 5], size), WHOLE_MAP],
    ['beyond the left edge', moved({ scale: 2, x: -10, y: -10 }, 500, 500, size), { scale: 2, x: 0, y: 0 }],
    ['beyond the right edge', moved({ scale: 2, x: 0, y: 0 }, -9_999, -9_999, size), { scale: 2, x: -1_000, y: -600 }],
    ['larger than it can be', zoomed(WHOLE_MAP, 1e9, [0, 0], size), { scale: 40, x: 0, y: 0 }],
  ])('is never %s', (_, view, expected) => {
    expect(view).toEqual(expected);
  });

  it('moves no further than it takes to show a cell', () => {
    const view = { scale: 4, x: 0, y: 0 };
    const box = { x: 100, y: 50, width: 10, height: 10 };
    expect(showing(view, box, size)).toBe(view);
    const far = showing(view, { ...box, x: 900 }, size);
    expect(far).toEqual({ scale: 4, x: 1_000 - 910 * 4, y: 0 });
  });
});
