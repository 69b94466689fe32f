import { useEffect, useState } from 'preact/hooks';
import type { AnomalyAnswer, GpuState, Verdict } from '../../schemas.ts';
import { useConsole } from './console-parts.ts';
import { getJson, type List, RestError } from './rest.ts';

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
}

const RETRY_MS = 3_000;
const PAST_MAX = 200;

export function useGpu(gpu_uuid: string): KnownGpu {
  const { client } = useConsole();
  const [state, setState] = useState<GpuState | null | undefined>(undefined);
  const [told, setTold] = useState<{ verdict: Verdict | null; unknown: boolean; failure: string | null }>({
    verdict: null,
    unknown: false,
    failure: null,
  });
  const [past, setPast] = useState<readonly AnomalyAnswer[]>([]);

  useEffect(() => {
    const subscription = client
      .topic<GpuState | null>(`gpu/${gpu_uuid}`)
      .subscribe({ next: ({ data }) => setState(data), error: () => setState(null) });
    return () => subscription.unsubscribe();
  }, [client, gpu_uuid]);

  const seen = state != null;
  useEffect(
    () =>
      untilAnswered(async (signal) => {
        try {
          const verdict = await getJson<Verdict>(`/gpus/${encodeURIComponent(gpu_uuid)}`, {}, signal);
          setTold({ verdict, unknown: false, failure: null });
          return verdict.unavailable.length === 0;
        } catch (error) {
          if (signal.aborted) return true;
          const unknown = error instanceof RestError && error.status === 404;
          setTold((before) => ({ ...before, unknown, failure: unknown ? null : String((error as Error).message) }));
          return unknown;
        }
      }),
    [gpu_uuid, seen],
  );

  const open = state?.anomalies ?? told.verdict?.anomalies ?? [];
  const ids = open.map(({ id }) => id).join(' ');
  useEffect(
    () =>
      untilAnswered(async (signal) => {
        try {
          const path = `/gpus/${encodeURIComponent(gpu_uuid)}/anomalies`;
          const list = await getJson<List<AnomalyAnswer>>(path, { limit: PAST_MAX }, signal);
          setPast(list.items);
          return true;
        } catch (error) {
          return signal.aborted || (error instanceof RestError && error.status === 404);
        }
      }),
    [gpu_uuid, ids, seen],
  );

  return { state, ...told, anomalies: merged(open, past, state !== undefined) };
}

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

/** Asks again until the answer is yes or the returned function is called. */
function untilAnswered(ask: (signal: AbortSignal) => Promise<boolean>): () => void {
  const gone = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const once = async (): Promise<void> => {
    const done = await ask(gone.signal);
    if (!done && !gone.signal.aborted) timer = setTimeout(once, RETRY_MS);
  };
  void once();
  return () => {
    gone.abort();
    clearTimeout(timer);
  };
}
