import type { ColourMode } from './colour-modes.ts';
import { SEVERITY_COLOURS, type Theme, textOn } from './colour-scale.ts';
import type { FleetGpu } from './fleet-gpu.ts';
import { type CellState, cellState, type HeatCell } from './heatmap-cells.ts';
import type { HeatmapLayout } from './heatmap-layout.ts';
import type { MapView } from './heatmap-view.ts';

const MARK_FROM = 7;
const VALUE_FROM = 24;
const FRAME_FROM = 9;
const HATCH_FROM = 4;

interface Ink {
  readonly missing: string;
  readonly edge: string;
  readonly label: string;
  readonly quiet: string;
  readonly focus: string;
}

const INK: Readonly<Record<Theme, Ink>> = {
  dark: { missing: '#232a34', edge: '#3b4857', label: '#d5dce5', quiet: '#98a5b5', focus: '#ffffff' },
  light: { missing: '#ffffff', edge: '#b3bdc9', label: '#232b35', quiet: '#5b6776', focus: '#10151b' },
};

/** From this size on a node's cell is drawn as its GPUs. */
const MEMBERS_FROM = 26;

/** What lies at a cell and how its GPUs look one by one. */
export interface HeatmapScene {
  readonly layout: HeatmapLayout;
  readonly view: MapView;
  readonly cells: readonly HeatCell[];
  readonly gpus: ReadonlyMap<string, FleetGpu>;
  readonly mode: ColourMode;
  readonly theme: Theme;
  /** Index of a cell, -1: none. */
  readonly focus: number;
  readonly pixel_ratio: number;
}

/** Draws what is in sight: a rectangle a cell, marks for anomalies, hollow cells for stale ones, a ring at the focus. */
export function drawHeatmap(context: CanvasRenderingContext2D, scene: HeatmapScene): void {
  const { layout, view, cells, gpus, mode, theme, pixel_ratio, focus } = scene;
  const { scale } = view;
  const [wide, high] = [layout.cell_width * scale, layout.cell_height * scale];
  const ink = INK[theme];
  context.setTransform(pixel_ratio, 0, 0, pixel_ratio, 0, 0);
  context.clearRect(0, 0, layout.width, layout.height);
  drawLabels(context, layout, view, ink);
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i];
    const left = (layout.x[i] ?? 0) * scale + view.x;
    const top = (layout.y[i] ?? 0) * scale + view.y;
    if (cell === undefined || left > layout.width || top > layout.height || left + wide < 0 || top + high < 0) continue;
    if (cell.uuids.length > 1 && Math.min(wide, high) >= MEMBERS_FROM) {
      memberBoxes(cell.uuids.length, [left, top, wide, high]).forEach((box, at) => {
        const uuid = cell.uuids[at] ?? '';
        drawCell(context, box, cellState({ ...cell, uuids: [uuid] }, gpus, mode), scene, ink);
      });
    } else {
      drawCell(context, [left, top, wide, high], cellState(cell, gpus, mode), scene, ink);
    }
  }
  if (focus >= 0 && focus < cells.length) {
    context.strokeStyle = ink.focus;
    context.lineWidth = 2;
    const [left, top] = [(layout.x[focus] ?? 0) * scale + view.x, (layout.y[focus] ?? 0) * scale + view.y];
    context.strokeRect(left - 1, top - 1, wide + 2, high + 2);
  }
}

/** Which GPU of a node's cell lies under a point of the screen; -1 while the cell is drawn as one. */
export function memberAt(
  count: number,
  box: readonly [left: number, top: number, wide: number, high: number],
  [px, py]: readonly [number, number],
): number {
  if (count < 2 || Math.min(box[2], box[3]) < MEMBERS_FROM) return -1;
  return memberBoxes(count, box).findIndex(
    ([left, top, wide, high]) => px >= left && py >= top && px <= left + wide + 1 && py <= top + high + 1,
  );
}

function memberBoxes(count: number, [left, top, wide, high]: Box): Box[] {
  const columns = Math.ceil(Math.sqrt(count));
  const rows = Math.ceil(count / columns);
  const [pitch_x, pitch_y] = [wide / columns, high / rows];
  const gap = Math.min(pitch_x, pitch_y) >= 9 ? 2 : 1;
  return Array.from({ length: count }, (_, i) => [
    left + (i % columns) * pitch_x,
    top + Math.floor(i / columns) * pitch_y,
    pitch_x - gap,
    pitch_y - gap,
  ]);
}

function drawCell(
  context: CanvasRenderingContext2D,
  box: Box,
  { value, worst, stale }: CellState,
  { mode, theme }: HeatmapScene,
  ink: Ink,
): void {
  const [left, top, wide, high] = box;
  const size = Math.min(wide, high);
  if (stale) {
    hollow(context, box, ink.quiet);
  } else {
    const colour = value === null ? ink.missing : mode.colour(theme, value);
    context.fillStyle = colour;
    context.fillRect(left, top, wide, high);
    if (value === null) hatch(context, box, ink.edge);
    if (size >= VALUE_FROM && value !== null) {
      context.font = `${size >= 34 ? 12 : 10}px system-ui, sans-serif`;
      context.fillStyle = textOn(colour);
      context.fillText(mode.cell(value), left + wide / 2, top + high / 2 + 0.5);
    }
  }
  if (worst !== null && mode.marks.includes(worst)) mark(context, box, SEVERITY_COLOURS[theme][worst], theme);
}

type Box = readonly [left: number, top: number, wide: number, high: number];

function hollow(context: CanvasRenderingContext2D, [left, top, wide, high]: Box, colour: string): void {
  if (wide < 5) {
    context.fillStyle = colour;
    context.globalAlpha = 0.35;
    context.fillRect(left, top, wide, high);
    context.globalAlpha = 1;
    return;
  }
  context.setLineDash([2, 2]);
  frame(context, [left, top, wide, high], colour);
  context.setLineDash([]);
}

function frame(context: CanvasRenderingContext2D, [left, top, wide, high]: Box, colour: string): void {
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.strokeRect(left + 0.5, top + 0.5, wide - 1, high - 1);
}

/** What is not known looks like nothing that is known, without colour too: slanted lines, or one in small cells. */
function hatch(context: CanvasRenderingContext2D, box: Box, colour: string): void {
  const [left, top, wide, high] = box;
  if (wide < HATCH_FROM) return;
  if (wide >= FRAME_FROM) frame(context, box, colour);
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.beginPath();
  for (const at of wide >= FRAME_FROM ? [1 / 2, 1, 3 / 2] : [1]) {
    const [before, beyond] = [Math.min(at, 1), Math.max(at - 1, 0)];
    context.moveTo(left + beyond * wide, top + before * high);
    context.lineTo(left + before * wide, top + beyond * high);
  }
  context.stroke();
}

/** A corner in large cells, the whole cell in small ones, where a corner could not be seen. */
function mark(context: CanvasRenderingContext2D, [left, top, wide, high]: Box, colour: string, theme: Theme): void {
  if (wide < MARK_FROM) {
    context.fillStyle = colour;
    context.fillRect(left, top, wide, high);
    return;
  }
  const size = Math.max(5, Math.min(12, high * 0.42));
  const right = left + wide;
  context.beginPath();
  context.moveTo(right - size, top);
  context.lineTo(right, top);
  context.lineTo(right, top + size);
  context.closePath();
  context.fillStyle = colour;
  context.fill();
  context.strokeStyle = theme === 'dark' ? '#0e1217' : '#ffffff';
  context.lineWidth = 1.5;
  context.beginPath();
  context.moveTo(right - size, top);
  context.lineTo(right, top + size);
  context.stroke();
}

function drawLabels(context: CanvasRenderingContext2D, layout: HeatmapLayout, view: MapView, ink: Ink): void {
  context.textAlign = 'left';
  context.textBaseline = 'alphabetic';
  const write = (labels: HeatmapLayout['group_labels'], colour: string, font: string): void => {
    context.fillStyle = colour;
    context.font = font;
    for (const { text, x, y, width } of labels) {
      const [left, top] = [x * view.scale + view.x, y * view.scale + view.y];
      if (top < 0 || top > layout.height + 12 || left > layout.width) continue;
      context.fillText(fitted(context, text, width * view.scale), left, top);
    }
  };
  write(layout.group_labels, ink.label, '600 12px system-ui, sans-serif');
  write(layout.block_labels, ink.quiet, '11px system-ui, sans-serif');
}

/** The end of a name tells more than its beginning: what is too long is cut in front. */
function fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  for (let cut = 1; cut < text.length; cut++) {
    const shorter = `…${text.slice(cut)}`;
    if (context.measureText(shorter).width <= width) return shorter;
  }
  return '';
}
