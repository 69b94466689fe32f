import { useEffect, useRef, useState } from 'preact/hooks';
import type { Sample } from '../../client/api-client.ts';
import { api, firstPages } from './api.ts';
import { PLOTTED } from './plot-specs.ts';
import { Series } from './series.ts';

type Resolution = 'raw' | '1m' | '5m' | '1h';

export interface ShownSeries {
  readonly series: Series | null;
  /** Rises with every live sample added. */
  readonly revision: number;
  readonly resolution: Resolution | null;
  readonly loading: boolean;
  readonly failure: string | null;
  readonly complete: boolean;
}

const POINTS_MAX = 1_500;
const PAGES_MAX = 2;
const RETRY_MS = 5_000;
const EMPTY = { series: null, resolution: null, failure: null, complete: true } as const;

/** The history of a GPU over a span and its live tail. Asked for anew when samples are missing between the two. */
export function useSeries(options: {
  readonly gpu_uuid: string;
  readonly sample: Sample | null;
  readonly span_ms: number;
}): ShownSeries {
  const { gpu_uuid, sample, span_ms } = options;
  const [shown, setShown] = useState<Omit<ShownSeries, 'revision' | 'loading'>>(EMPTY);
  const [revision, setRevision] = useState(0);
  const [loading, setLoading] = useState(true);
  const [asked, setAsked] = useState(0);
  const latest = useRef(sample);
  latest.current = sample;
  const instance = sample?.instance;
  const known = sample !== null;

  useEffect(() => {
    if (!known) return;
    const gone = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    setLoading(true);
    const load = async (): Promise<void> => {
      const newest = latest.current === null ? Number.NaN : Date.parse(latest.current.ts);
      const to = Math.max(Date.now(), newest) + 1;
      const query = {
        metrics: PLOTTED.join(),
        from: to - span_ms,
        to,
        instance: instance ?? '',
        limit: 1_000,
        max_points: POINTS_MAX,
      };
      try {
        const asked = { params: { gpu_uuid }, query, signal: gone.signal };
        const read = await firstPages(api.pages('/api/v1/gpus/{gpu_uuid}/metrics', asked), PAGES_MAX);
        const { resolution } = read.first;
        const series = new Series({ metrics: PLOTTED, rows: read.items, resolution });
        if (latest.current !== null) series.append(Date.parse(latest.current.ts), latest.current);
        setShown({ series, resolution, failure: null, complete: read.complete });
        setLoading(false);
      } catch (error) {
        if (gone.signal.aborted) return;
        // What comes in live is worth a plot of its own until the history can be read.
        setShown((before) => ({
          ...before,
          series: before.series ?? new Series({ metrics: PLOTTED, rows: [], resolution: 'raw' }),
          failure: (error as Error).message,
        }));
        setLoading(false);
        timer = setTimeout(load, RETRY_MS);
      }
    };
    void load();
    return () => {
      gone.abort();
      clearTimeout(timer);
    };
  }, [gpu_uuid, instance, span_ms, known, asked]);

  const { series, failure } = shown;
  useEffect(() => {
    if (sample === null || series === null) return;
    const whole = series.append(Date.parse(sample.ts), sample);
    if (whole || failure !== null) setRevision((before) => before + 1);
    else setAsked((before) => before + 1);
  }, [sample, series]);

  return { ...shown, revision, loading };
}
