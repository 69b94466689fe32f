import {
  countDeadLetters,
  type DeadLetterPage,
  type DeadLetterQuery,
  newestDeadLetters,
} from '../pipeline/bus/dead-letter-pages.ts';
import { retryDeadLetters, type StoredDeadLetter, showDeadLetter } from '../pipeline/bus/dead-letters.ts';
import type { Clock } from '../pipeline/clock.ts';
import type { Bus } from '../pipeline/contract/bus.ts';

export interface RetryOrder {
  readonly positions?: readonly number[];
  readonly reason?: string;
  readonly node?: string;
  readonly again: boolean;
  readonly retried_max: number;
}

/** What was refused, for the API. Every method throws VitalsError when NATS cannot tell. */
export interface DeadLetterDesk {
  page(
    query: DeadLetterQuery,
    page: { readonly limit: number; readonly below?: number | undefined },
  ): Promise<DeadLetterPage>;
  /** By reason. */
  count(query: DeadLetterQuery): Promise<ReadonlyMap<string, number>>;
  /** Throws GV-CLI-002 when there is none at this position. */
  show(position: number): Promise<StoredDeadLetter>;
  retry(order: RetryOrder): Promise<{ readonly retried: number; readonly skipped: number }>;
}

export const deadLetterDesk = (bus: Bus, clock: Clock): DeadLetterDesk => ({
  page: (query, page) => newestDeadLetters(bus, query, page),
  count: (query) => countDeadLetters(bus, query),
  show: (position) => showDeadLetter(bus, position),
  retry: (order) => retryDeadLetters(bus, { ...order, clock }),
});
