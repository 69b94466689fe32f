import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { AnomalyAnswer } from '../../schemas.ts';
import type { EpisodeAnswer, ForecastAnswer } from './answers.ts';
import { decimal } from './format-value.ts';
import { lineColour } from './plot-colours.ts';
import { forecastLines, plotLimits } from './plot-marks.ts';
import { plotOptions } from './plot-options.ts';
import type { PlotSpec } from './plot-specs.ts';
import type { Series } from './series.ts';
import { useTheme } from './theme.ts';

export interface PlotSpan {
  readonly from: number;
  readonly to: number;
}

/** One plot with its own legend: values under the pointer, else the latest. All plots share the pointer. */
export function Plot(props: {
  readonly spec: PlotSpec;
  readonly series: Series | null;
  /** Rises when the series has grown. */
  readonly revision: number;
  readonly span: PlotSpan;
  readonly anomalies: readonly AnomalyAnswer[];
  readonly episodes: readonly EpisodeAnswer[];
  readonly forecasts: readonly ForecastAnswer[];
  readonly instance: string;
}) {
  const { spec, series, revision, span, anomalies, episodes, instance } = props;
  const ahead = useMemo(() => forecastLines(spec, props.forecasts, instance), [spec, props.forecasts, instance]);
  const limits = useMemo(() => plotLimits(spec, props.forecasts, instance), [spec, props.forecasts, instance]);
  const theme = useTheme();
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const current = useRef({ span, anomalies, episodes, ahead, limits });
  current.current = { span, anomalies, episodes, ahead, limits };
  const [at, setAt] = useState<number | null>(null);
  const lines = spec.lines.filter(({ metric }) => series?.has(metric) ?? false);
  const shape = lines.map(({ metric }) => metric).join();

  useLayoutEffect(() => {
    const element = holder.current;
    if (element === null || series === null || shape === '') return;
    const made = new uPlot(
      plotOptions({
        spec,
        lines,
        theme,
        bands: series.bands,
        width: element.clientWidth,
        span: () => current.current.span,
        anomalies: () => current.current.anomalies,
        episodes: () => current.current.episodes,
        forecasts: () => current.current.ahead,
        limits: () => current.current.limits,
        last: (line) => lastOf(series, spec, line),
        onPointer: setAt,
      }),
      dataOf(series, lines, spec.factor),
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: made.height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [series, shape, theme, spec]);

  useEffect(() => {
    if (series !== null) plot.current?.setData(dataOf(series, lines, spec.factor));
  }, [revision, span.from, span.to, anomalies, episodes, ahead]);

  return (
    <figure class="plot" data-testid={`plot-${spec.id}`} data-forecasts={ahead.length} data-limits={limits.length}>
      <figcaption>
        <b>{spec.title}</b> <span class="quiet">{spec.unit}</span>
        <span class="lines">
          {lines.map(({ metric, label, dashed }) => (
            <span key={metric} class="line-name">
              <svg viewBox="0 0 14 4" width="14" height="4" aria-hidden="true">
                <path
                  d="M0 2h14"
                  stroke={lineColour(
                    theme,
                    spec.lines.findIndex((line) => line.metric === metric),
                  )}
                  stroke-width="3"
                  stroke-dasharray={dashed ? '3 2' : undefined}
                />
              </svg>
              {label} <b>{valueAt(series, metric, at, spec)}</b>
            </span>
          ))}
        </span>
      </figcaption>
      {series !== null && shape === '' ? (
        <p class="quiet none">Nothing was measured in this span, or the exporter does not send it.</p>
      ) : (
        <div class="drawing" ref={holder} />
      )}
    </figure>
  );
}

function lastOf(series: Series, { lines, factor }: PlotSpec, line: number): { at: number; value: number } | null {
  const values = series.columns.get(lines[line]?.metric ?? '')?.value ?? [];
  const index = values.findLastIndex((value) => value !== null);
  const [at, value] = [series.times[index], values[index]];
  return at === undefined || value == null ? null : { at: at * 1_000, value: value * factor };
}

function valueAt(series: Series | null, metric: string, at: number | null, spec: PlotSpec): string {
  const values = series?.columns.get(metric)?.value ?? [];
  const value = at === null ? values.findLast((one) => one !== null) : values[at];
  return value === null || value === undefined ? 'n/a' : decimal(value * spec.factor, spec.digits);
}

const scaled = (values: readonly (number | null)[], factor: number): (number | null)[] =>
  values.map((value) => (value === null ? null : value * factor));

function dataOf(series: Series, lines: PlotSpec['lines'], factor: number): uPlot.AlignedData {
  const columns = lines.flatMap(({ metric }) => {
    const column = series.columns.get(metric);
    if (column === undefined) return [];
    const parts = series.bands ? [column.value, column.high, column.low] : [column.value];
    return parts.map((part) => scaled(part, factor));
  });
  return [series.times, ...columns] as uPlot.AlignedData;
}
