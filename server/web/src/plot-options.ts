import type uPlot from 'uplot';
import type { AnomalyAnswer } from '../../schemas.ts';
import type { EpisodeAnswer } from './answers.ts';
import { SEVERITY_COLOURS, type Theme } from './colour-scale.ts';
import { dayText, minuteText } from './format-time.ts';
import { compareAnomalies } from './needs-me.ts';
import { AXIS, lineColour } from './plot-colours.ts';
import {
  drawEpisodes,
  drawForecasts,
  drawLimits,
  type ForecastLine,
  type LastReading,
  type PlotLimit,
} from './plot-marks.ts';
import type { PlotLine, PlotSpec } from './plot-specs.ts';

const HEIGHT = 150;
const FONT = '11px system-ui, sans-serif';
const EDGE_ALPHA = 0.9;
const SHADE_ALPHA = 0.16;

/** How uPlot draws one of our plots: bands of rollups under their averages, anomalies as shades behind the lines. */
export function plotOptions(options: {
  readonly spec: PlotSpec;
  readonly lines: readonly PlotLine[];
  readonly theme: Theme;
  readonly bands: boolean;
  readonly width: number;
  readonly span: () => { readonly from: number; readonly to: number };
  readonly anomalies: () => readonly AnomalyAnswer[];
  readonly episodes: () => readonly EpisodeAnswer[];
  readonly forecasts: () => readonly ForecastLine[];
  readonly limits: () => readonly PlotLimit[];
  readonly last: LastReading;
  readonly onPointer: (index: number | null) => void;
}): uPlot.Options {
  const { spec, lines, theme, bands, span } = options;
  const axis = AXIS[theme];
  const series: uPlot.Series[] = [{}];
  const fills: uPlot.Band[] = [];
  for (const { metric, dashed } of lines) {
    const stroke = lineColour(
      theme,
      spec.lines.findIndex((line) => line.metric === metric),
    );
    series.push({ stroke, width: 1.5, points: { show: false }, ...(dashed ? { dash: [5, 4] } : {}) });
    if (!bands) continue;
    fills.push({ series: [series.length, series.length + 1], fill: `${stroke}2e` });
    series.push({ width: 0, points: { show: false } }, { width: 0, points: { show: false } });
  }
  const common = { stroke: axis.text, font: FONT, grid: { stroke: axis.grid, width: 1 }, ticks: { show: false } };
  return {
    width: options.width,
    height: HEIGHT,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: {
      // Plots share the instant under the pointer, not the height: each has its own unit.
      y: false,
      sync: { key: 'gpu', setSeries: false },
      drag: { x: false, y: false },
      points: { show: false },
    },
    scales: {
      x: { time: true, range: () => [span().from / 1_000, span().to / 1_000] },
      y: { range: (_plot, low, high) => ends(...withAhead([low, high], options), spec.range) },
    },
    axes: [
      {
        ...common,
        size: 26,
        space: 64,
        values: (_plot, splits, _axis, _space, step) => splits.map((at) => timeLabel(at * 1_000, step)),
      },
      { ...common, size: 46, space: 28 },
    ],
    series,
    bands: fills,
    hooks: {
      drawClear: [(plot) => shadeAnomalies(plot, spec, theme, options.anomalies())],
      draw: [
        (plot) => drawEpisodes(plot, theme, options.episodes()),
        (plot) => drawForecasts(plot, theme, options.forecasts(), options.last),
        (plot) => drawLimits(plot, theme, options.limits()),
      ],
      setCursor: [(plot) => options.onPointer(plot.cursor.idx ?? null)],
    },
  };
}

/** A limit further away than this share of the readings would make them a flat line. */
const NEAR_LIMIT = 1.3;

/** The readings' ends with room for what is foretold in sight, and for a limit that is near. */
function withAhead(
  [low, high]: readonly [number | null, number | null],
  options: Pick<Parameters<typeof plotOptions>[0], 'forecasts' | 'limits' | 'span'>,
): [number | null, number | null] {
  if (low === null || high === null) return [low, high];
  const { from, to } = options.span();
  let [least, most] = [low, high];
  for (const { points } of options.forecasts()) {
    for (const point of points) {
      if (point.at < from || point.at > to) continue;
      least = Math.min(least, point.low);
      most = Math.max(most, point.high);
    }
  }
  for (const { value } of options.limits()) if (value <= most * NEAR_LIMIT) most = Math.max(most, value);
  return [least, most];
}

/** Room around the readings; a flat line stays in the middle. */
function ends(
  low: number | null,
  high: number | null,
  [from, to]: readonly [number | null, number | null],
): [number, number] {
  if (low === null || high === null) return [from ?? 0, to ?? 1];
  const margin = Math.max((high - (from ?? low)) * 0.12, Math.abs(high) * 0.02, 0.5);
  return [from ?? (low >= 0 ? Math.max(0, low - margin) : low - margin), to ?? high + margin];
}

function timeLabel(at: number, step_s: number): string {
  const date = new Date(at);
  const midnight = date.getHours() === 0 && date.getMinutes() === 0;
  return step_s >= 86_400 || midnight ? dayText(at) : minuteText(at);
}

/** From opening to closing: shaded where the plot shows the metric concerned, a mark at the top elsewhere. */
function shadeAnomalies(plot: uPlot, spec: PlotSpec, theme: Theme, anomalies: readonly AnomalyAnswer[]): void {
  const { ctx, bbox } = plot;
  const right = bbox.left + bbox.width;
  ctx.save();
  // The worst comes last, and so on top.
  const ordered = anomalies.toSorted((a, b) => compareAnomalies(b, a));
  for (const { metric, severity, opened_at, closed_at, state } of ordered) {
    const from = Math.max(bbox.left, plot.valToPos(Date.parse(opened_at) / 1_000, 'x', true));
    const end = closed_at === null ? null : plot.valToPos(Date.parse(closed_at) / 1_000, 'x', true);
    if (end === null && state === 'closed') continue;
    const to = Math.min(right, end ?? right);
    if (to <= bbox.left || from >= right) continue;
    const width = Math.max(1, to - from);
    ctx.fillStyle = SEVERITY_COLOURS[theme][severity];
    if (spec.lines.some((line) => line.metric === metric)) {
      ctx.globalAlpha = SHADE_ALPHA;
      ctx.fillRect(from, bbox.top, width, bbox.height);
    }
    ctx.globalAlpha = EDGE_ALPHA;
    ctx.fillRect(from, bbox.top, width, 2 * devicePixelRatio);
  }
  ctx.restore();
}
