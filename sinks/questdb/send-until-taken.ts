import { pause, systemTimers, type Timers } from '../../pipeline/clock.ts';
import type { ErrorCode } from '../../pipeline/contract/error-catalogue.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';
import type { SinkEvent } from './sink-events.ts';

/** What came of one attempt to hand rows to the database. */
export type Outcome =
  | { readonly kind: 'taken' }
  /** The rows, or some of them, are bad; nothing of the attempt was stored. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The database is away, overloaded, out of disk or misses a table: the rows are fine. */
  | { readonly kind: 'unavailable'; readonly code: ErrorCode; readonly reason: string };

const DISK_FULL = /no space left|disk( is)? full|errno[=: ]+28\b|ENOSPC/i;
/** Answers about the table and not about the rows; sending fewer rows would not help. */
const NOT_THE_ROWS = /does not exist|is suspended|read.?only|permission|not authori[sz]ed|table is dropped/i;

/** Reads an HTTP answer of `/write`. 400 is about rows unless its text says otherwise; every other refusal can pass. */
export function readOutcome(status: number, body: string): Outcome {
  if (status >= 200 && status < 300) return { kind: 'taken' };
  const reason = `HTTP ${status}: ${messageOf(body)}`;
  if (DISK_FULL.test(body)) return { kind: 'unavailable', code: 'GV-SNK-004', reason };
  if (/suspended/i.test(body)) return { kind: 'unavailable', code: 'GV-SNK-003', reason };
  const aboutRows = (status === 400 || status === 413 || status === 422) && !NOT_THE_ROWS.test(body);
  return aboutRows ? { kind: 'refused', reason } : { kind: 'unavailable', code: 'GV-SNK-001', reason };
}

/** An attempt that got no answer. */
export function readFailure(error: unknown): Outcome {
  const reason =
    error instanceof Error ? `${(error as NodeJS.ErrnoException).code ?? error.name}: ${error.message}` : String(error);
  return { kind: 'unavailable', code: DISK_FULL.test(reason) ? 'GV-SNK-004' : 'GV-SNK-001', reason };
}

function messageOf(body: string): string {
  try {
    const message: unknown = (JSON.parse(body) as { message?: unknown }).message;
    return typeof message === 'string' ? message : body.slice(0, 500);
  } catch {
    return body.slice(0, 500);
  }
}

export interface SendOptions {
  readonly table: string;
  readonly backoff_min: DurationMs;
  readonly backoff_max: DurationMs;
  readonly onEvent: (event: SinkEvent) => void;
  readonly onRetry: () => void;
  readonly signal: AbortSignal;
  /** As in `DeliveryOptions`. */
  readonly before_send?: (() => void) | undefined;
  /** The machine's, when left out. */
  readonly timers?: Timers | undefined;
}

/**
 * Hands rows [from, to) over, in order, for as long as it takes. Unavailable: again after a growing pause, for ever.
 * Refused: in halves, until the bad rows stand alone; those go to `refuse`, in order, and all others are stored.
 * A resend of rows that were stored although the answer was lost changes nothing: the tables' dedup keys see to that.
 * Rejects only when the signal aborts.
 */
export async function sendUntilTaken(
  from: number,
  to: number,
  attempt: (from: number, to: number) => Promise<Outcome>,
  refuse: (row: number, reason: string) => void,
  options: SendOptions,
): Promise<void> {
  let wait_ms = options.backoff_min as number;
  let trouble: ErrorCode | null = null;
  for (;;) {
    options.signal.throwIfAborted();
    options.before_send?.();
    const outcome = await attempt(from, to);
    if (outcome.kind === 'unavailable') {
      if (outcome.code !== trouble) {
        trouble = outcome.code;
        options.onEvent({ code: outcome.code, table: options.table, state: 'trouble', detail: outcome.reason });
      }
      options.onRetry();
      await pause(options.timers ?? systemTimers, wait_ms, options.signal);
      wait_ms = Math.min(wait_ms * 2, options.backoff_max);
      continue;
    }
    if (trouble !== null) {
      options.onEvent({
        code: trouble,
        table: options.table,
        state: 'recovered',
        detail: `${to - from} rows were waiting`,
      });
    }
    if (outcome.kind === 'taken') return;
    if (to - from === 1) {
      refuse(from, outcome.reason);
      return;
    }
    const middle = from + Math.ceil((to - from) / 2);
    await sendUntilTaken(from, middle, attempt, refuse, options);
    await sendUntilTaken(middle, to, attempt, refuse, options);
    return;
  }
}
