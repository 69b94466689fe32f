import type uPlot from 'uplot';
import type { EpisodeAnswer, ForecastAnswer } from './answers.ts';
import { SEVERITY_COLOURS, type Theme } from './colour-scale.ts';
import { AXIS, lineColour } from './plot-colours.ts';
import type { PlotSpec } from './plot-specs.ts';

/** Forecasts older than this against the newest are of a metric that is gone. */
const CURRENT_MS = 12 * 3_600_000;
const EPISODE_HIGH = 4;

/** Where a metric is going: from when it was foretold, through its horizons, in the plot's unit. */
export interface ForecastLine {
  /** Of the plot's lines. */
  readonly line: number;
  readonly points: readonly {
    readonly at: number;
    readonly expected: number;
    readonly low: number;
    readonly high: number;
  }[];
}

export interface PlotLimit {
  readonly value: number;
  readonly line: number;
}

/** The forecasts that a plot shows, of one part of the board; horizons in order. */
export function forecastLines(
  spec: PlotSpec,
  forecasts: readonly ForecastAnswer[],
  instance: string,
): readonly ForecastLine[] {
  return spec.lines.flatMap(({ metric }, line) => {
    const rows = newestOf(forecasts, metric, instance);
    if (rows.length === 0) return [];
    const points = rows
      .map(({ ts, horizon_ms, expected, low, high }) => ({
        at: Date.parse(ts) + horizon_ms,
        expected: expected * spec.factor,
        low: low * spec.factor,
        high: high * spec.factor,
      }))
      .sort((a, b) => a.at - b.at);
    return [{ line, points }];
  });
}

/** The limits that forecasts are held against, one a line. */
export function plotLimits(
  spec: PlotSpec,
  forecasts: readonly ForecastAnswer[],
  instance: string,
): readonly PlotLimit[] {
  return spec.lines.flatMap(({ metric }, line) => {
    const limit = newestOf(forecasts, metric, instance).find((row) => row.limit !== null)?.limit;
    return limit == null ? [] : [{ line, value: limit * spec.factor }];
  });
}

function newestOf(forecasts: readonly ForecastAnswer[], metric: string, instance: string): readonly ForecastAnswer[] {
  const rows = forecasts.filter((row) => row.metric === metric);
  const own = rows.filter((row) => row.instance === instance);
  const chosen = own.length > 0 ? own : rows.filter((row) => row.instance === '');
  const newest = Math.max(...chosen.map(({ ts }) => Date.parse(ts)));
  return chosen.filter(({ ts }) => Date.parse(ts) >= newest - CURRENT_MS);
}

/** Ahead of now: dashed, with its band; from the last reading on. */
export function drawForecasts(plot: uPlot, theme: Theme, lines: readonly ForecastLine[], last: LastReading): void {
  const { ctx } = plot;
  const clip = clipped(plot);
  for (const { line, points } of lines) {
    const start = last(line);
    const from = start === null ? points[0]?.at : start.at;
    if (from === undefined) continue;
    const known = start === null ? [] : [{ at: start.at, expected: start.value, low: start.value, high: start.value }];
    const path = [...known, ...points.filter(({ at }) => at > from)];
    const px = path.map(({ at }) => plot.valToPos(at / 1_000, 'x', true));
    const py = (field: 'expected' | 'low' | 'high'): number[] =>
      path.map((one) => plot.valToPos(one[field], 'y', true));
    const [middle, low, high] = [py('expected'), py('low'), py('high')];
    const colour = lineColour(theme, line);
    ctx.beginPath();
    for (const [i, x] of px.entries()) ctx.lineTo(x, high[i] ?? 0);
    for (let i = px.length - 1; i >= 0; i--) ctx.lineTo(px[i] ?? 0, low[i] ?? 0);
    ctx.closePath();
    ctx.globalAlpha = 0.16;
    ctx.fillStyle = colour;
    ctx.fill();
    ctx.globalAlpha = 1;
    ctx.beginPath();
    for (const [i, x] of px.entries()) ctx.lineTo(x, middle[i] ?? 0);
    ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.strokeStyle = colour;
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.stroke();
    ctx.setLineDash([]);
  }
  clip.end();
}

/** The newest reading of a line; null when there is none. */
export type LastReading = (line: number) => { readonly at: number; readonly value: number } | null;

/** A dotted line at each limit, with the number. */
export function drawLimits(plot: uPlot, theme: Theme, limits: readonly PlotLimit[]): void {
  const { ctx, bbox } = plot;
  const clip = clipped(plot);
  for (const { value } of limits) {
    const y = plot.valToPos(value, 'y', true);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.strokeStyle = SEVERITY_COLOURS[theme].critical;
    ctx.lineWidth = devicePixelRatio;
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.fillStyle = AXIS[theme].text;
    ctx.font = `${10 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.textAlign = 'right';
    ctx.textBaseline = 'bottom';
    ctx.fillText(`limit ${Math.round(value)}`, bbox.left + bbox.width - 4, y - 1);
  }
  clip.end();
}

/** Fault stories as bars along the bottom, with a line where each begins. */
export function drawEpisodes(plot: uPlot, theme: Theme, episodes: readonly EpisodeAnswer[]): void {
  const { ctx, bbox } = plot;
  const clip = clipped(plot);
  const high = EPISODE_HIGH * devicePixelRatio;
  for (const { severity, started_at, ended_at } of episodes) {
    const from = plot.valToPos(Date.parse(started_at) / 1_000, 'x', true);
    const to = ended_at === null ? bbox.left + bbox.width : plot.valToPos(Date.parse(ended_at) / 1_000, 'x', true);
    if (to < bbox.left || from > bbox.left + bbox.width) continue;
    ctx.fillStyle = SEVERITY_COLOURS[theme][severity];
    ctx.fillRect(from, bbox.top + bbox.height - high, Math.max(2, to - from), high);
    ctx.globalAlpha = 0.5;
    ctx.fillRect(from, bbox.top, devicePixelRatio, bbox.height);
    ctx.globalAlpha = 1;
  }
  clip.end();
}

function clipped({ ctx, bbox }: uPlot): { end(): void } {
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  return { end: () => ctx.restore() };
}
