import { describe, expect, it } from 'vitest';
import { cellAt, layoutHeatmap, neighbour } from './heatmap-layout.ts';

const fleet = (nodes: number, gpus = 8, groups = 1) =>
  Array.from({ length: groups }, (_, group) => ({
    label: groups === 1 ? '' : `rack ${group}`,
    blocks: Array.from({ length: nodes / groups }, (__, node) => ({ label: `n${node}`, cells: gpus })),
  }));

describe.each([
  [1, 8, 1, 1_020],
  [32, 8, 1, 1_020],
  [32, 8, 8, 348],
  [128, 16, 4, 1_700],
  [2_000, 8, 10, 1_020],
])('%i nodes of %i GPUs in %i groups on %i pixels', (nodes, gpus, groups, width) => {
  const room = { width, height_target: 640 };
  const layout = layoutHeatmap(fleet(nodes, gpus, groups), room);
  const { x, y, cell_width, cell_height } = layout;

  it('places every GPU inside, and no two on one another', () => {
    expect(x.length).toBe(nodes * gpus);
    const places = new Set<string>();
    for (let i = 0; i < x.length; i++) {
      expect((x[i] ?? -1) >= 0 && (x[i] ?? 0) + cell_width <= width + 0.001).toBe(true);
      expect((y[i] ?? -1) >= 0 && (y[i] ?? 0) + cell_height <= layout.height + 0.001).toBe(true);
      places.add(`${x[i]},${y[i]}`);
    }
    expect(places.size).toBe(x.length);
  });

  it('finds every GPU under its middle', () => {
    for (let i = 0; i < x.length; i += 7) {
      expect(cellAt(layout, (x[i] ?? 0) + cell_width / 2, (y[i] ?? 0) + cell_height / 2)).toBe(i);
    }
    expect(cellAt(layout, -1, -1)).toBe(-1);
  });

  it('is walked through with arrows from the first to the last line', () => {
    expect(neighbour(layout, -1, 'ArrowDown')).toBe(0);
    let seen = 0;
    for (let i = 0, next = neighbour(layout, 0, 'ArrowDown'); next !== i; seen++) {
      expect((y[next] ?? 0) > (y[i] ?? 0)).toBe(true);
      [i, next] = [next, neighbour(layout, next, 'ArrowDown')];
    }
    expect(seen).toBe(new Set(y).size - 1);
    expect(neighbour(layout, 3, 'End')).toBe(x.length - 1);
  });
});

it('fills the width that it has, and stays within the height as long as cells can shrink', () => {
  const layout = layoutHeatmap(fleet(32), { width: 1_032, height_target: 640 });
  expect(Math.max(...layout.x) + layout.cell_width).toBeGreaterThan(1_032 - 32);
  expect(layout.height).toBeLessThanOrEqual(640);
  expect(layout.cell_height).toBeGreaterThanOrEqual(layout.cell_width * 0.6);
});
