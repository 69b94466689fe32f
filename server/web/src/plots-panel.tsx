import { useMemo } from 'preact/hooks';
import type { Sample } from '../../client/api-client.ts';
import type { AnomalyAnswer } from '../../schemas.ts';
import type { EpisodeAnswer, ForecastAnswer } from './answers.ts';
import { Notice } from './notice.tsx';
import { Plot } from './plot.tsx';
import { PLOTS, PLOTTED } from './plot-specs.ts';
import { setQuery } from './router.ts';
import { Segmented } from './segmented.tsx';
import { useSeries } from './use-series.ts';

const MINUTE_MS = 60_000;
const AHEAD_FROM_MS = 1_440 * MINUTE_MS;
const RANGES = [
  { id: '15m', label: '15 min', ms: 15 * MINUTE_MS },
  { id: '1h', label: '1 h', ms: 60 * MINUTE_MS },
  { id: '6h', label: '6 h', ms: 360 * MINUTE_MS },
  { id: '24h', label: '24 h', ms: 1_440 * MINUTE_MS },
  { id: '7d', label: '7 d', ms: 10_080 * MINUTE_MS },
] as const;

const RESOLUTIONS = {
  raw: 'every sample',
  '1m': 'minute averages with lowest and highest',
  '5m': 'five-minute averages with lowest and highest',
  '1h': 'hourly averages with lowest and highest',
} as const;

/** The readings over time: history from the API, the newest from the live socket. */
export function PlotsPanel(props: {
  readonly gpu_uuid: string;
  readonly sample: Sample | null;
  readonly anomalies: readonly AnomalyAnswer[];
  readonly episodes: readonly EpisodeAnswer[];
  readonly forecasts: readonly ForecastAnswer[];
  readonly range: string;
  /** `no`: what is foretold is left out. */
  readonly ahead: string;
  readonly now: number;
}) {
  const { gpu_uuid, sample, now } = props;
  const range = RANGES.find(({ id }) => id === props.range) ?? RANGES[1];
  const { series, revision, resolution, failure, loading, complete } = useSeries({
    gpu_uuid,
    sample,
    span_ms: range.ms,
  });
  // The fleet's clock may run ahead of ours; and a step of a few seconds is finer than a pixel.
  const newest = Math.max(now, sample === null ? 0 : Date.parse(sample.ts));
  const step = Math.max(1_000, range.ms / 1_000);
  const to = Math.ceil(newest / step) * step;
  const foretold = useMemo(
    () => props.forecasts.filter(({ metric }) => PLOTTED.some((one) => one === metric)),
    [props.forecasts],
  );
  // A day ahead is a dot in an hour's plot, so it is shown from a day on.
  const can = foretold.length > 0 && range.ms >= AHEAD_FROM_MS;
  const ahead_ms = can && props.ahead !== 'no' ? range.ms : 0;
  const episodes = useMemo(
    () => props.episodes,
    [props.episodes.map(({ id, ended_at, severity }) => `${id}${ended_at}${severity}`).join()],
  );
  // What concerns the whole board concerns its parts as well.
  const mine = props.anomalies.filter(({ instance }) => instance === '' || instance === sample?.instance);
  const anomalies = useMemo(() => mine, [mine.map(({ id, state, closed_at }) => `${id}${state}${closed_at}`).join()]);
  return (
    <section class="card plots" aria-labelledby="plots-title">
      <div class="head">
        <h2 id="plots-title">Over time</h2>
        <span class="quiet resolution">
          {loading ? 'loading' : resolution === null ? '' : RESOLUTIONS[resolution]}
          {!complete && ', the newest part only'}
        </span>
        <div class="grow" />
        {can && (
          <button
            type="button"
            aria-pressed={ahead_ms > 0}
            class="toggle"
            onClick={() => setQuery({ ahead: ahead_ms > 0 ? 'no' : '' })}
          >
            Forecast
          </button>
        )}
        <Segmented
          name="Span"
          value={range.id}
          options={RANGES.map(({ id, label }) => [id, label])}
          onChange={(id) => setQuery({ range: id })}
        />
      </div>
      {failure !== null && (
        <Notice title="The history cannot be read just now" tone="critical">
          {failure}. The plots show what has come in since this page was opened.
        </Notice>
      )}
      <p class="quiet small key-of">
        Shades and marks above: anomalies. Bars below: episodes. {ahead_ms > 0 && 'Dashed: forecast with its band. '}
        {foretold.some(({ limit }) => limit !== null) && 'Dotted: limits.'}
      </p>
      <div class="grid" aria-busy={loading}>
        {PLOTS.map((spec) => (
          <Plot
            key={spec.id}
            spec={spec}
            series={series}
            revision={revision}
            span={{ from: to - range.ms, to: to + ahead_ms }}
            anomalies={anomalies}
            episodes={episodes}
            forecasts={foretold}
            instance={sample?.instance ?? ''}
          />
        ))}
      </div>
    </section>
  );
}
