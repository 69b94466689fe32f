import type { ColourMode } from './colour-modes.ts';
import type { FleetGpu, Severity } from './fleet-gpu.ts';
import type { FleetGroup } from './fleet-order.ts';
import { type HeatmapLayout, type LayoutGroup, layoutHeatmap } from './heatmap-layout.ts';

/** A cell of the map: one GPU, or, in fleets of which not every GPU can be a cell, the GPUs of one node. */
export interface HeatCell {
  /** Of the GPU, or the name of the node. */
  readonly id: string;
  readonly node: string;
  readonly uuids: readonly string[];
}

/** What a cell shows just now. */
export interface CellState {
  /** Of the worst member; null when it is known of none. */
  readonly value: number | null;
  readonly worst: Severity | null;
  /** Nothing in it sends. */
  readonly stale: boolean;
}

export interface PlacedCells {
  readonly cells: readonly HeatCell[];
  readonly layout: HeatmapLayout;
  /** Cells are nodes. */
  readonly aggregated: boolean;
}

/** Below so many GPUs every one is a cell, and a narrow screen scrolls. */
const ALWAYS_SINGLE = 2_000;
/** A cell smaller than this is not seen as one GPU. */
const CELL_SEEN = 5;
const HEIGHT_SHARE = 1.25;
/** Nodes side by side when no rack says which belong together. */
const NODES_A_BLOCK = 32;

const WORSE: Readonly<Record<Severity, number>> = { info: 1, warning: 2, critical: 3 };

/**
 * The map in the most detail that fits: every GPU below the names of racks and nodes; then every GPU with racks as
 * blocks; then nodes. One layout per try, each linear in the fleet.
 */
export function placeCells(
  groups: readonly FleetGroup[],
  room: { readonly width: number; readonly height_target: number },
): PlacedCells {
  const singles = groups.flatMap(({ blocks }) =>
    blocks.flatMap(({ node, gpus }) => gpus.map(({ gpu_uuid }) => ({ id: gpu_uuid, node, uuids: [gpu_uuid] }))),
  );
  const named = groups.map(({ label, blocks }) => ({
    label,
    blocks: blocks.map(({ node, gpus }) => ({ label: node, cells: gpus.length })),
  }));
  const single = (layout: HeatmapLayout): PlacedCells => ({ cells: singles, layout, aggregated: false });
  const fits = ({ height, cell_width }: HeatmapLayout): boolean =>
    height <= HEIGHT_SHARE * room.height_target && cell_width >= CELL_SEEN;
  const whole = layoutHeatmap(named, room);
  if (singles.length <= ALWAYS_SINGLE || fits(whole)) return single(whole);
  if (groups.length > 1) {
    const racks = named.map(({ label, blocks }) => ({ label, cells: sum(blocks.map(({ cells }) => cells)) }));
    const compact = layoutHeatmap([{ label: '', blocks: racks }], room);
    if (fits(compact)) return single(compact);
  }
  const nodes = groups.flatMap(({ blocks }) =>
    blocks.map(({ node, gpus }) => ({ id: node, node, uuids: gpus.map(({ gpu_uuid }) => gpu_uuid) })),
  );
  return {
    cells: nodes,
    layout: layoutHeatmap([{ label: '', blocks: blocksOfNodes(groups) }], room),
    aggregated: true,
  };
}

function blocksOfNodes(groups: readonly FleetGroup[]): LayoutGroup['blocks'] {
  return groups.flatMap(({ label, blocks }) =>
    Array.from({ length: Math.ceil(blocks.length / NODES_A_BLOCK) }, (_, i) => ({
      label: i === 0 ? label : '',
      cells: Math.min(NODES_A_BLOCK, blocks.length - i * NODES_A_BLOCK),
    })),
  );
}

/** What a cell shows: the worst of its GPUs, and stale only when all of them are. */
export function cellState(cell: HeatCell, gpus: ReadonlyMap<string, FleetGpu>, mode: ColourMode): CellState {
  let value: number | null = null;
  let worst: Severity | null = null;
  let stale = true;
  const way = mode.to >= mode.from ? 1 : -1;
  for (const uuid of cell.uuids) {
    const gpu = gpus.get(uuid);
    if (gpu === undefined) continue;
    stale &&= gpu.stale_since !== null;
    const own = gpu.stale_since !== null && cell.uuids.length > 1 ? null : mode.value(gpu);
    if (own !== null && (value === null || (own - value) * way > 0)) value = own;
    if (gpu.worst !== null && (worst === null || WORSE[gpu.worst] > WORSE[worst])) worst = gpu.worst;
  }
  return { value, worst, stale };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
