import type { ColourMode } from './colour-modes.ts';
import { SEVERITY_COLOURS, type Theme, textOn } from './colour-scale.ts';
import type { FleetGpu } from './fleet-gpu.ts';
import type { HeatmapLayout } from './heatmap-layout.ts';

const MARK_FROM = 7;
const VALUE_FROM = 24;

interface Ink {
  readonly missing: string;
  readonly label: string;
  readonly quiet: string;
  readonly focus: string;
}

const INK: Readonly<Record<Theme, Ink>> = {
  dark: { missing: '#232a34', label: '#d5dce5', quiet: '#98a5b5', focus: '#ffffff' },
  light: { missing: '#e4e8ed', label: '#232b35', quiet: '#5b6776', focus: '#10151b' },
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
  const { cell, x, y } = layout;
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
      hollow(context, left, top, cell, ink.quiet);
    } else {
      context.fillStyle = colour;
      context.fillRect(left, top, cell, cell);
      if (cell >= VALUE_FROM && value !== null) {
        context.fillStyle = textOn(colour);
        context.fillText(mode.cell(value), left + cell / 2, top + cell / 2 + 0.5);
      }
    }
    if (gpu.worst !== null && mode.id !== 'anomalies') {
      mark(context, left, top, cell, SEVERITY_COLOURS[theme][gpu.worst], theme);
    }
  }
  if (scene.focus >= 0 && scene.focus < gpus.length) {
    context.strokeStyle = ink.focus;
    context.lineWidth = 2;
    context.strokeRect((x[scene.focus] ?? 0) - 1, (y[scene.focus] ?? 0) - 1, cell + 2, cell + 2);
  }
}

function hollow(context: CanvasRenderingContext2D, left: number, top: number, cell: number, colour: string): void {
  if (cell < 5) {
    context.fillStyle = colour;
    context.globalAlpha = 0.35;
    context.fillRect(left, top, cell, cell);
    context.globalAlpha = 1;
    return;
  }
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.setLineDash([2, 2]);
  context.strokeRect(left + 0.5, top + 0.5, cell - 1, cell - 1);
  context.setLineDash([]);
}

/** A corner in large cells, the whole cell in small ones, where a corner could not be seen. */
function mark(
  context: CanvasRenderingContext2D,
  left: number,
  top: number,
  cell: number,
  colour: string,
  theme: Theme,
): void {
  if (cell < MARK_FROM) {
    context.fillStyle = colour;
    context.fillRect(left, top, cell, cell);
    return;
  }
  const size = Math.max(5, Math.min(12, cell * 0.42));
  const right = left + cell;
  context.beginPath();
  context.moveTo(right - size, top);
  context.lineTo(right, top);
  context.lineTo(right, top + size);
  context.closePath();
  context.fillStyle = colour;
  context.fill();
  context.strokeStyle = theme === 'dark' ? '#0e1217' : '#ffffff';
  context.lineWidth = 1;
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
