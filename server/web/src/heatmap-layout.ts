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
  readonly cell_width: number;
  readonly cell_height: number;
  /** Distance from one cell to the next, more than the cell by the gap between them. */
  readonly pitch_x: number;
  readonly pitch_y: number;
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
/** Of a cell's width; wider ones would no longer be seen as one GPU each. */
const STRETCH_MAX = 0.6;
const TALLER_MAX = 0.3;

interface Measures {
  readonly cell_width: number;
  readonly cell_height: number;
  readonly pitch_x: number;
  readonly pitch_y: number;
  readonly block_gap: number;
  readonly row_gap: number;
  readonly block_label: number;
  readonly group_label: number;
  readonly group_gap: number;
}

function measures(cell: number): Measures {
  const named = cell >= NAMED_FROM;
  const pitch = cell + (cell >= 20 ? 3 : cell >= 9 ? 2 : cell >= 5 ? 1 : cell >= 4 ? 0.5 : 0);
  return {
    cell_width: cell,
    cell_height: cell,
    pitch_x: pitch,
    pitch_y: pitch,
    block_gap: named ? 14 : cell >= 9 ? 8 : cell >= 5 ? 5 : 3,
    row_gap: named ? 10 : cell >= 9 ? 6 : cell >= 5 ? 3 : 2,
    block_label: named ? 16 : 0,
    group_label: 22,
    group_gap: cell >= 9 ? 12 : 6,
  };
}

/**
 * Places every cell: nodes as rows of up to eight side by side, groups below one another. Cells are as large as they can
 * be within `height_target`, and then stretched to the full width; when even the smallest do not fit, the map grows
 * longer. One pass per size that is tried.
 */
export function layoutHeatmap(
  groups: readonly LayoutGroup[],
  room: { readonly width: number; readonly height_target: number },
): HeatmapLayout {
  const width = Math.max(room.width, COLUMNS_MAX * CELL_MIN + 2);
  let cell = CELL_MAX;
  let m = measures(cell);
  while (cell > CELL_MIN && (heightAt(groups, width, m) > room.height_target || tooWide(groups, width, m))) {
    m = measures(--cell);
  }
  return placed(groups, width, cell < NAMED_FROM ? m : stretched(groups, { ...room, width }, m));
}

function tooWide(groups: readonly LayoutGroup[], width: number, { pitch_x }: Measures): boolean {
  return groups.some(({ blocks }) => blocks.some(({ cells }) => Math.min(COLUMNS_MAX, cells) * pitch_x > width));
}

function heightAt(groups: readonly LayoutGroup[], width: number, m: Measures): number {
  return flow(
    groups,
    width,
    m,
    () => {},
    () => {},
  );
}

/** Gives the room that is left beside the fullest line to its cells and gaps, in whole pixels, and some of that below. */
function stretched(
  groups: readonly LayoutGroup[],
  room: { readonly width: number; readonly height_target: number },
  m: Measures,
): Measures {
  const lines = new Map<number, { blocks: number; columns: number; used: number }>();
  const height = flow(
    groups,
    room.width,
    m,
    (_block, x, y, columns) => {
      const used = x + columns * m.pitch_x;
      lines.set(y, {
        blocks: (lines.get(y)?.blocks ?? 0) + 1,
        columns: (lines.get(y)?.columns ?? 0) + columns,
        used,
      });
    },
    () => {},
  );
  const fullest = [...lines.values()].reduce((most, line) => (line.used > most.used ? line : most), {
    blocks: 0,
    columns: 1,
    used: 0,
  });
  const left = room.width - fullest.used;
  const wider = Math.min(Math.floor(left / fullest.columns), Math.floor(m.cell_width * STRETCH_MAX));
  const gaps = Math.max(1, fullest.blocks - 1);
  const apart = Math.min(Math.floor((left - wider * fullest.columns) / gaps), m.block_gap);
  const wide = {
    ...m,
    cell_width: m.cell_width + wider,
    pitch_x: m.pitch_x + wider,
    block_gap: m.block_gap + apart,
  };
  if (heightAt(groups, room.width, wide) > height) return m;
  const most = Math.max(wider, Math.floor(m.cell_height * TALLER_MAX));
  for (let taller = most; taller > 0; taller--) {
    const filled = { ...wide, cell_height: m.cell_height + taller, pitch_y: m.pitch_y + taller };
    if (heightAt(groups, room.width, filled) <= room.height_target) return filled;
  }
  return wide;
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
      const wide = columns * m.pitch_x;
      if (x > 0 && x + wide > width) {
        y += tallest + m.row_gap;
        x = 0;
        tallest = 0;
      }
      onBlock(block, x, y + m.block_label, columns);
      tallest = Math.max(tallest, m.block_label + Math.ceil(block.cells / columns) * m.pitch_y);
      x += wide + m.block_gap;
    }
    y += tallest;
  }
  return y;
}

function placed(groups: readonly LayoutGroup[], width: number, m: Measures): HeatmapLayout {
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
        const room = Math.max(columns * m.pitch_x, 1) + (columns < 4 ? m.block_gap - 4 : 0);
        block_labels.push({ text: block.label, x: left, y: top - 5, width: room });
      }
      for (let i = 0; i < block.cells; i++, next++) {
        x[next] = left + (i % columns) * m.pitch_x;
        y[next] = top + Math.floor(i / columns) * m.pitch_y;
      }
    },
    (text, top) => group_labels.push({ text, x: 0, y: top, width }),
  );
  const { cell_width, cell_height, pitch_x, pitch_y } = m;
  const cells = { cell_width, cell_height, pitch_x, pitch_y, x, y };
  return { ...cells, width, height: Math.max(height, cell_height), blocks, group_labels, block_labels };
}

/** The cell under a point, -1 when there is none. */
export function cellAt(layout: HeatmapLayout, px: number, py: number): number {
  const { pitch_x, pitch_y } = layout;
  for (const block of layout.blocks) {
    const column = Math.floor((px - block.x) / pitch_x);
    const row = Math.floor((py - block.y) / pitch_y);
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
