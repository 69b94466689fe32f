import type { Anomaly } from '../../pipeline/contract/events.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';

/** What is remembered of a GPU that looked strange lately: plain data. Calm GPUs have none. */
export interface Watch {
  /** The last five evaluations, the newest in bit 0: strange, and very strange. */
  hot: number;
  strong: number;
  /** When the last one was. */
  ts: number;
  /** As last told. */
  open: Anomaly | null;
}

export type Watches = Record<string, Watch>;

const EVALUATIONS = 5;
const CONFIRMED_BY = 3;
const MASK = (1 << EVALUATIONS) - 1;

export interface Evaluation {
  readonly gpu: string;
  readonly ts: number;
  /** Event time between two evaluations that count. */
  readonly every: DurationMs;
  readonly hot: boolean;
  readonly strong: boolean;
}

/**
 * Three strange evaluations of the last five open an anomaly, three very strange ones make it a warning, five calm ones
 * close it. `tell` makes the anomaly (its identity is kept once told) and is asked only when there is something to tell;
 * null from it keeps it shut.
 */
export function confirm(
  watches: Watches,
  evaluation: Evaluation,
  tell: (severity: 'info' | 'warning', opened_at: number) => Anomaly | null,
  emit: (anomaly: Anomaly) => void,
): void {
  const { gpu, ts, every } = evaluation;
  const known = watches[gpu];
  if (known && ts < known.ts + every) return;
  if (!known && !evaluation.hot) return;
  const watch: Watch = known ?? { hot: 0, strong: 0, ts, open: null };
  watch.hot = ((watch.hot << 1) | Number(evaluation.hot)) & MASK;
  watch.strong = ((watch.strong << 1) | Number(evaluation.strong)) & MASK;
  watch.ts = ts;
  watches[gpu] = watch;
  const severity = ones(watch.strong) >= CONFIRMED_BY ? 'warning' : 'info';
  if (watch.open === null) {
    if (!evaluation.hot || ones(watch.hot) < CONFIRMED_BY) {
      if (watch.hot === 0) delete watches[gpu];
      return;
    }
    watch.open = tell(severity, ts);
    if (watch.open) emit(watch.open);
  } else if (watch.hot === 0) {
    close(watches, gpu, ts, `It has looked like the others again since.`, emit);
  } else if (severity === 'warning' && watch.open.severity === 'info') {
    const told = tell(severity, watch.open.opened_at);
    if (told === null) return;
    const { id, metric } = watch.open;
    watch.open = { ...told, id, metric };
    emit(watch.open);
  }
}

/** Forgets GPUs that were not evaluated since `before`; what is open about them closes, for nothing is known of it any more. */
export function forgetWatches(watches: Watches, before: number, now: number, emit: (anomaly: Anomaly) => void): void {
  for (const [gpu, watch] of Object.entries(watches)) {
    if (watch.ts >= before) continue;
    if (watch.open) close(watches, gpu, now, 'Nothing was heard of the GPU for too long to go on saying so.', emit);
    else delete watches[gpu];
  }
}

function close(watches: Watches, gpu: string, ts: number, why: string, emit: (anomaly: Anomaly) => void): void {
  const open = watches[gpu]?.open;
  delete watches[gpu];
  if (open) emit({ ...open, state: 'closed', closed_at: ts, explanation: `${open.explanation} ${why}` });
}

function ones(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}
