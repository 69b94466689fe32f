import { describe, expect, it } from 'vitest';
import { summaryRow } from './answers.fixture.ts';
import { colourMode } from './colour-modes.ts';
import { fleetGpu } from './fleet-gpu.ts';
import { fleetOrder } from './fleet-order.ts';
import { cellState, placeCells } from './heatmap-cells.ts';

const fleet = (count: number, nodes_a_rack: number | null) => {
  const gpus = Array.from({ length: count }, (_, i) =>
    fleetGpu([summaryRow({ gpu_uuid: `GPU-${i}`, node: `n${Math.floor(i / 8)}`, slot: String(i % 8) })], null),
  );
  const places = new Map(
    nodes_a_rack === null
      ? []
      : gpus.map(({ gpu_uuid }, i) => [gpu_uuid, { cluster: '', rack: `r${Math.floor(i / 8 / nodes_a_rack)}` }]),
  );
  return fleetOrder(gpus, 'place', places);
};

describe.each([
  [1, null, 1_000, false],
  [1_000, 4, 1_000, false],
  [1_000, 4, 350, false],
  [10_000, 4, 1_000, false],
  [10_000, null, 1_000, false],
  [100_000, 4, 1_000, true],
  [100_000, null, 1_000, true],
])('%i GPUs in racks of %s nodes on %i pixels', (count, nodes_a_rack, width, aggregated) => {
  const placed = placeCells(fleet(count, nodes_a_rack), { width, height_target: 700 });

  it('are all there once, in the detail that fits', () => {
    expect(placed.aggregated).toBe(aggregated);
    const uuids = placed.cells.flatMap((cell) => cell.uuids);
    expect(uuids.length).toBe(count);
    expect(new Set(uuids).size).toBe(count);
    expect(placed.layout.x.length).toBe(placed.cells.length);
    if (count > 2_000) expect(placed.layout.height).toBeLessThan(3 * 700);
  });
});

describe('a cell of several GPUs', () => {
  const of = (rows: Parameters<typeof summaryRow>[0][]) => {
    const gpus = new Map(
      rows.map((row, i) => [`GPU-${i}`, fleetGpu([summaryRow({ ...row, gpu_uuid: `GPU-${i}` })], null)]),
    );
    return { cell: { id: 'n1', node: 'n1', uuids: [...gpus.keys()] }, gpus };
  };

  it.each([
    [
      'the hottest',
      'temperature',
      [{ gpu_temp_celsius: 50 }, { gpu_temp_celsius: 80 }, { gpu_temp_celsius: null }],
      80,
    ],
    ['the one in the worst health', 'health', [{ overall_score: 90 }, { overall_score: 40 }], 40],
    ['the one most likely to fail', 'risk', [{ failure_prob_30d: 0.02 }, { failure_prob_30d: 0.4 }], 0.4],
    [
      'not one that is silent',
      'temperature',
      [{ gpu_temp_celsius: 50 }, { gpu_temp_celsius: 99, stale_since: '2026' }],
      50,
    ],
    ['nothing where nothing is known', 'temperature', [{ gpu_temp_celsius: null }], null],
  ])('shows %s', (_, mode, rows, value) => {
    const { cell, gpus } = of(rows);
    expect(cellState(cell, gpus, colourMode(mode)).value).toBe(value);
  });

  it('is stale only when all are, and carries the worst anomaly', () => {
    const some = of([{ stale_since: '2026', worst_severity: 'info' }, { worst_severity: 'critical' }]);
    expect(cellState(some.cell, some.gpus, colourMode(''))).toMatchObject({ stale: false, worst: 'critical' });
    const all = of([{ stale_since: '2026' }, { stale_since: '2026' }]);
    expect(cellState(all.cell, all.gpus, colourMode('')).stale).toBe(true);
  });
});
