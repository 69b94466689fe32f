import type { ColourMode } from './colour-modes.ts';
import { SEVERITY_COLOURS, type Theme, textOn } from './colour-scale.ts';
import type { FleetGpu } from './fleet-gpu.ts';
import type { HeatmapLayout } from './heatmap-layout.ts';

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

/** Draws the whole map: one rectangle a GPU, marks for anomalies, hollow cells for stale ones, a ring at the focus. */
export function drawHeatmap(
  context: CanvasRenderingContext2D,
  scene: {
    readonly layout: HeatmapLayout;
    readonly gpus: readonly (FleetGpu | undefined)[];
    readonly mode: ColourMode;
    readonly theme: Theme;
    readonly focus: number;
    readonly pixel_ratio: number;
  },
): void {
  const { layout, gpus, mode, theme, pixel_ratio } = scene;
  const { cell_width: wide, cell_height: high, x, y } = layout;
  const cell = Math.min(wide, high);
  const ink = INK[theme];
  context.setTransform(pixel_ratio, 0, 0, pixel_ratio, 0, 0);
  context.clearRect(0, 0, layout.width, layout.height);
  drawLabels(context, layout, ink);
  context.font = `${cell >= 34 ? 12 : 10}px system-ui, sans-serif`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  for (let i = 0; i < gpus.length; i++) {
    const gpu = gpus[i];
    if (gpu === undefined) continue;
    const left = x[i] ?? 0;
    const top = y[i] ?? 0;
    const value = mode.value(gpu);
    const colour = value === null ? ink.missing : mode.colour(theme, value);
    if (gpu.stale_since !== null) {
      hollow(context, [left, top, wide, high], ink.quiet);
    } else {
      context.fillStyle = colour;
      context.fillRect(left, top, wide, high);
      if (value === null) hatch(context, [left, top, wide, high], ink.edge);
      if (cell >= VALUE_FROM && value !== null) {
        context.fillStyle = textOn(colour);
        context.fillText(mode.cell(value), left + wide / 2, top + high / 2 + 0.5);
      }
    }
    if (gpu.worst !== null && mode.marks.includes(gpu.worst)) {
      mark(context, [left, top, wide, high], SEVERITY_COLOURS[theme][gpu.worst], theme);
    }
  }
  if (scene.focus >= 0 && scene.focus < gpus.length) {
    context.strokeStyle = ink.focus;
    context.lineWidth = 2;
    context.strokeRect((x[scene.focus] ?? 0) - 1, (y[scene.focus] ?? 0) - 1, wide + 2, high + 2);
  }
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

function drawLabels(context: CanvasRenderingContext2D, layout: HeatmapLayout, ink: Ink): void {
  context.textAlign = 'left';
  context.textBaseline = 'alphabetic';
  context.fillStyle = ink.label;
  context.font = '600 12px system-ui, sans-serif';
  for (const { text, x, y, width } of layout.group_labels) context.fillText(fitted(context, text, width), x, y);
  context.fillStyle = ink.quiet;
  context.font = '11px system-ui, sans-serif';
  for (const { text, x, y, width } of layout.block_labels) context.fillText(fitted(context, text, width), x, y);
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
