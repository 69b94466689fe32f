/** What is laid out: groups of blocks (nodes) of cells (GPUs). */
export interface LayoutGroup {
  readonly label: string;
  readonly blocks: readonly { readonly label: string; readonly cells: number }[];
}

interface PlacedLabel {
  readonly text: string;
  readonly x: number;
  /** Baseline. */
  readonly y: number;
  /** Room for the text. */
  readonly width: number;
}

interface PlacedBlock {
  readonly x: number;
  readonly y: number;
  readonly columns: number;
  readonly first: number;
  readonly cells: number;
}

/** All lengths in CSS pixels. */
export interface HeatmapLayout {
  /** Side of a cell. */
  readonly cell: number;
  /** Distance from one cell to the next, more than the cell by the gap between them. */
  readonly pitch: number;
  readonly width: number;
  readonly height: number;
  /** Left and top of every cell, in the order of the groups. */
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly blocks: readonly PlacedBlock[];
  readonly group_labels: readonly PlacedLabel[];
  readonly block_labels: readonly PlacedLabel[];
}

const CELL_MAX = 44;
const CELL_MIN = 3;
const COLUMNS_MAX = 8;
const NAMED_FROM = 15;

interface Measures {
  readonly cell: number;
  readonly pitch: number;
  readonly block_gap: number;
  readonly row_gap: number;
  readonly block_label: number;
  readonly group_label: number;
  readonly group_gap: number;
}

function measures(cell: number): Measures {
  const named = cell >= NAMED_FROM;
  return {
    cell,
    pitch: cell + (cell >= 20 ? 3 : cell >= 9 ? 2 : cell >= 5 ? 1 : cell >= 4 ? 0.5 : 0),
    block_gap: named ? 14 : cell >= 9 ? 8 : cell >= 5 ? 5 : 3,
    row_gap: named ? 10 : cell >= 9 ? 6 : cell >= 5 ? 3 : 2,
    block_label: named ? 16 : 0,
    group_label: 22,
    group_gap: cell >= 9 ? 12 : 6,
  };
}

/**
 * Places every cell: nodes as rows of up to eight side by side, groups below one another. Cells are as large as they can
 * be within `height_target`; when even the smallest do not fit, the map grows longer. One pass per size that is tried.
 */
export function layoutHeatmap(
  groups: readonly LayoutGroup[],
  room: { readonly width: number; readonly height_target: number },
): HeatmapLayout {
  const width = Math.max(room.width, COLUMNS_MAX * CELL_MIN + 2);
  let cell = CELL_MAX;
  while (cell > CELL_MIN && (heightAt(groups, width, cell) > room.height_target || tooWide(groups, width, cell)))
    cell--;
  return placed(groups, width, cell);
}

function tooWide(groups: readonly LayoutGroup[], width: number, cell: number): boolean {
  const { pitch } = measures(cell);
  return groups.some(({ blocks }) => blocks.some(({ cells }) => Math.min(COLUMNS_MAX, cells) * pitch > width));
}

function heightAt(groups: readonly LayoutGroup[], width: number, cell: number): number {
  return flow(
    groups,
    width,
    measures(cell),
    () => {},
    () => {},
  );
}

function flow(
  groups: readonly LayoutGroup[],
  width: number,
  m: Measures,
  onBlock: (block: { label: string; cells: number }, x: number, y: number, columns: number) => void,
  onGroup: (label: string, y: number) => void,
): number {
  let y = 0;
  for (const { label, blocks } of groups) {
    if (y > 0) y += m.group_gap;
    if (label !== '') {
      onGroup(label, y + m.group_label - 8);
      y += m.group_label;
    }
    let x = 0;
    let tallest = 0;
    for (const block of blocks) {
      const columns = Math.min(COLUMNS_MAX, block.cells);
      const wide = columns * m.pitch;
      if (x > 0 && x + wide > width) {
        y += tallest + m.row_gap;
        x = 0;
        tallest = 0;
      }
      onBlock(block, x, y + m.block_label, columns);
      tallest = Math.max(tallest, m.block_label + Math.ceil(block.cells / columns) * m.pitch);
      x += wide + m.block_gap;
    }
    y += tallest;
  }
  return y;
}

function placed(groups: readonly LayoutGroup[], width: number, cell: number): HeatmapLayout {
  const m = measures(cell);
  const count = groups.reduce((sum, { blocks }) => blocks.reduce((inner, { cells }) => inner + cells, sum), 0);
  const x = new Float32Array(count);
  const y = new Float32Array(count);
  const blocks: PlacedBlock[] = [];
  const group_labels: PlacedLabel[] = [];
  const block_labels: PlacedLabel[] = [];
  let next = 0;
  const height = flow(
    groups,
    width,
    m,
    (block, left, top, columns) => {
      blocks.push({ x: left, y: top, columns, first: next, cells: block.cells });
      if (m.block_label > 0) {
        const room = Math.max(columns * m.pitch, 1) + (columns < 4 ? m.block_gap - 4 : 0);
        block_labels.push({ text: block.label, x: left, y: top - 5, width: room });
      }
      for (let i = 0; i < block.cells; i++, next++) {
        x[next] = left + (i % columns) * m.pitch;
        y[next] = top + Math.floor(i / columns) * m.pitch;
      }
    },
    (text, top) => group_labels.push({ text, x: 0, y: top, width }),
  );
  return { cell, pitch: m.pitch, width, height: Math.max(height, cell), x, y, blocks, group_labels, block_labels };
}

/** The cell under a point, -1 when there is none. */
export function cellAt(layout: HeatmapLayout, px: number, py: number): number {
  const { pitch } = layout;
  for (const block of layout.blocks) {
    const column = Math.floor((px - block.x) / pitch);
    const row = Math.floor((py - block.y) / pitch);
    if (column < 0 || row < 0 || column >= block.columns) continue;
    const within = row * block.columns + column;
    if (within < block.cells) return block.first + within;
  }
  return -1;
}

/** Where an arrow key leads: along the order sideways, to the nearest cell of the next line up and down. */
export function neighbour(layout: HeatmapLayout, from: number, key: string): number {
  const last = layout.x.length - 1;
  if (last < 0) return -1;
  if (from < 0) return 0;
  switch (key) {
    case 'ArrowLeft':
      return Math.max(0, from - 1);
    case 'ArrowRight':
      return Math.min(last, from + 1);
    case 'Home':
      return 0;
    case 'End':
      return last;
    case 'ArrowUp':
    case 'ArrowDown':
      return vertical(layout, from, key === 'ArrowDown' ? 1 : -1);
    default:
      return from;
  }
}

function vertical(layout: HeatmapLayout, from: number, way: 1 | -1): number {
  const [x0, y0] = [layout.x[from] ?? 0, layout.y[from] ?? 0];
  let best = from;
  let best_y = Number.POSITIVE_INFINITY;
  let best_x = Number.POSITIVE_INFINITY;
  for (let i = 0; i < layout.x.length; i++) {
    const down = ((layout.y[i] ?? 0) - y0) * way;
    if (down <= 0.01 || down > best_y) continue;
    const aside = Math.abs((layout.x[i] ?? 0) - x0);
    if (down < best_y || aside < best_x) {
      best = i;
      best_y = down;
      best_x = aside;
    }
  }
  return best;
}
