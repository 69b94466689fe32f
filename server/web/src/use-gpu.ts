import { useEffect, useState } from 'preact/hooks';
import { ApiError, type Verdict } from '../../client/api-client.ts';
import type { AnomalyAnswer, GpuState } from '../../schemas.ts';
import type { DecisionAnswer, EpisodeAnswer, ForecastAnswer, HealthAnswer, PredictionAnswer } from './answers.ts';
import { api } from './api.ts';
import { useConsole } from './console-parts.ts';
import { useAsking } from './use-asking.ts';

/** What is known of one GPU: the live state, what only the API tells, and its past anomalies. */
export interface KnownGpu {
  /** Undefined until the first answer; null when it was never seen live. */
  readonly state: GpuState | null | undefined;
  readonly verdict: Verdict | null;
  /** The API does not know the GPU. */
  readonly unknown: boolean;
  /** What the API could not tell just now, in words. */
  readonly failure: string | null;
  /** Newest opening first, with those open now. */
  readonly anomalies: readonly AnomalyAnswer[];
  /** The newest score of the board, or of each of its MIG instances. */
  readonly scores: readonly HealthAnswer[];
  /** The newest prediction of the board, or of each of its MIG instances. */
  readonly predictions: readonly PredictionAnswer[];
  /** Of the board; null when there is none yet. */
  readonly decision: DecisionAnswer | null;
  readonly episodes: readonly EpisodeAnswer[];
  /** Null until the first answer. */
  readonly forecasts: readonly ForecastAnswer[] | null;
}

type Told = Omit<KnownGpu, 'state' | 'anomalies' | 'forecasts'>;

const VERDICT_EVERY_MS = 60_000;
const PAST_EVERY_MS = 300_000;
const FORECASTS_EVERY_MS = 600_000;
const PAST_MAX = 200;
const NOTHING: Told = {
  verdict: null,
  unknown: false,
  failure: null,
  scores: [],
  predictions: [],
  decision: null,
  episodes: [],
};

export function useGpu(gpu_uuid: string): KnownGpu {
  const { client } = useConsole();
  const [state, setState] = useState<GpuState | null | undefined>(undefined);
  const [told, setTold] = useState<Told>(NOTHING);
  const [past, setPast] = useState<readonly AnomalyAnswer[]>([]);
  const [forecasts, setForecasts] = useState<readonly ForecastAnswer[] | null>(null);

  useEffect(() => {
    const subscription = client
      .topic<GpuState | null>(`gpu/${gpu_uuid}`)
      .subscribe({ next: ({ data }) => setState(data), error: () => setState(null) });
    return () => subscription.unsubscribe();
  }, [client, gpu_uuid]);

  const params = { gpu_uuid };
  const about = `${gpu_uuid} ${state != null}`;
  const open = state?.anomalies ?? told.verdict?.anomalies ?? [];
  const critical = idsOf(open.filter(({ severity }) => severity === 'critical'));

  useAsking(
    async (signal) => {
      try {
        const verdict = await api.get('/api/v1/gpus/{gpu_uuid}', { params, signal });
        const { unavailable } = verdict;
        // The verdict carries one row; a board with MIG instances has one of each.
        const { instances, health, prediction } = verdict;
        const [scores, predictions] = await Promise.all([
          unavailable.includes('health')
            ? null
            : instances.length === 0
              ? present(health)
              : itemsOf(
                  api.get('/api/v1/gpus/{gpu_uuid}/health', {
                    params,
                    query: { at: 'now', profile: 'default' },
                    signal,
                  }),
                ),
          unavailable.includes('prediction')
            ? null
            : instances.length === 0
              ? present(prediction)
              : itemsOf(api.get('/api/v1/gpus/{gpu_uuid}/predictions', { params, query: { at: 'now' }, signal })),
        ]);
        setTold((before) => ({
          verdict,
          unknown: false,
          failure: null,
          scores: (scores as readonly HealthAnswer[] | null) ?? before.scores,
          predictions: (predictions as readonly PredictionAnswer[] | null) ?? before.predictions,
          decision: unavailable.includes('decision') ? before.decision : (verdict.decision as DecisionAnswer | null),
          episodes: unavailable.includes('episodes') ? before.episodes : (verdict.episodes as readonly EpisodeAnswer[]),
        }));
        return verdict.unavailable.length === 0;
      } catch (error) {
        if (signal.aborted) return true;
        const unknown = error instanceof ApiError && error.status === 404;
        setTold((before) => ({ ...before, unknown, failure: unknown ? null : (error as Error).message }));
        return unknown;
      }
    },
    { about, hint: `${critical} ${judgedAt(state)}`, every_ms: VERDICT_EVERY_MS },
  );

  const listed = <T>(
    read: (signal: AbortSignal) => Promise<{ readonly items: readonly T[] }>,
    set: (items: readonly T[]) => void,
  ) => {
    return async (signal: AbortSignal): Promise<boolean> => {
      try {
        set((await read(signal)).items);
        return true;
      } catch (error) {
        return signal.aborted || (error instanceof ApiError && error.status === 404);
      }
    };
  };
  const earlier = (signal: AbortSignal) =>
    api.get('/api/v1/gpus/{gpu_uuid}/anomalies', { params, query: { limit: PAST_MAX }, signal });
  useAsking(listed(earlier, setPast), {
    about,
    hint: idsOf(open),
    every_ms: PAST_EVERY_MS,
  });
  const foreseen = (signal: AbortSignal) =>
    api.get('/api/v1/gpus/{gpu_uuid}/forecasts', { params, query: { at: 'now' }, signal });
  useAsking(
    listed(foreseen, (items) => setForecasts(items as readonly ForecastAnswer[])),
    { about, hint: '', every_ms: FORECASTS_EVERY_MS },
  );

  return { state, ...told, anomalies: merged(open, past, state !== undefined), forecasts };
}

/** When what is judged of the GPU was last told live: then there is more to read. */
const judgedAt = (state: GpuState | null | undefined): string =>
  [...(state?.health ?? []), ...(state?.predictions ?? [])].map(({ ts }) => ts).join(' ');

const idsOf = (anomalies: readonly AnomalyAnswer[]): string => anomalies.map(({ id }) => id).join(' ');

const present = <T>(row: T | null): readonly T[] => (row === null ? [] : [row]);
const itemsOf = async <T>(list: Promise<{ readonly items: readonly T[] }>): Promise<readonly T[]> => (await list).items;

/** Open ones first; one that the live state no longer has is over, although the table may still tell otherwise. */
function merged(
  open: readonly AnomalyAnswer[],
  past: readonly AnomalyAnswer[],
  live: boolean,
): readonly AnomalyAnswer[] {
  const ids = new Set(open.map(({ id }) => id));
  const closed = past
    .filter(({ id }) => !ids.has(id))
    .map((anomaly) => (live && anomaly.state === 'open' ? { ...anomaly, state: 'closed' as const } : anomaly));
  return [...open, ...closed];
}
