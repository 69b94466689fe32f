import { useMemo } from 'preact/hooks';
import type { AnomalyAnswer, Sample } from '../../schemas.ts';
import { Notice } from './notice.tsx';
import { Plot } from './plot.tsx';
import { PLOTS } from './plot-specs.ts';
import { setQuery } from './router.ts';
import { Segmented } from './segmented.tsx';
import { useSeries } from './use-series.ts';

const MINUTE_MS = 60_000;
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
  readonly range: string;
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
      <div class="grid" aria-busy={loading}>
        {PLOTS.map((spec) => (
          <Plot
            key={spec.id}
            spec={spec}
            series={series}
            revision={revision}
            span={{ from: to - range.ms, to }}
            anomalies={anomalies}
          />
        ))}
      </div>
    </section>
  );
}
