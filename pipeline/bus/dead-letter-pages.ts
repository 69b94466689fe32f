import type { Bus, StreamState } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import { subjectToken } from '../contract/ids.ts';
import { type DeadLetterHead, deadLetterHead } from './dead-letters.ts';
import { INVALID_STREAM } from './ensure-streams.ts';
import { countBySubject, positionSince, storedMessages } from './stored-messages.ts';
import { isMissing } from './stream-manager.ts';
import { headerValue } from './wire-headers.ts';

export interface DeadLetterQuery {
  readonly reason?: string | undefined;
  readonly node?: string | undefined;
  /** Refused at or after, and before; epoch ms. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

export interface DeadLetterPage {
  /** Newest first, without originals. */
  readonly items: readonly DeadLetterHead[];
  /** Position to go on below; null when there is nothing left. */
  readonly next: number | null;
}

const FIRST_LOOK = 1_000;
/** Headers that one page reads at most: half a second's work. */
const LOOKED_AT_MAX = 50_000;
const ALL = 'dcgm.invalid.>';

/**
 * A page of dead letters from the newest on, below a position. Reads headers only, backwards in stretches that double; one
 * page looks at 50,000 letters at most, so that it may be short and still have a `next`. Throws VitalsError.
 */
export async function newestDeadLetters(
  bus: Bus,
  query: DeadLetterQuery,
  page: { readonly limit: number; readonly below?: number | undefined },
): Promise<DeadLetterPage> {
  const range = await rangeOf(bus, query);
  if (range === null) return { items: [], next: null };
  const items: DeadLetterHead[] = [];
  let to = Math.min(range.to, (page.below ?? Number.POSITIVE_INFINITY) - 1);
  let looked = 0;
  for (
    let stretch = FIRST_LOOK;
    to >= range.from && looked < LOOKED_AT_MAX;
    stretch = Math.min(2 * stretch, LOOKED_AT_MAX)
  ) {
    const from = Math.max(range.from, to - stretch + 1);
    const found: DeadLetterHead[] = [];
    for await (const head of headsOf(bus, query, from, to)) {
      looked += 1;
      found.push(head);
    }
    items.push(...found.reverse().slice(0, page.limit - items.length));
    const last = items.at(-1);
    if (items.length === page.limit && last !== undefined) {
      return { items, next: last.position > range.from ? last.position : null };
    }
    to = from - 1;
  }
  return { items, next: to >= range.from ? to + 1 : null };
}

/**
 * How many dead letters there are by reason. Without a time the server counts; within a time headers are read, at most
 * 50,000 of them. Throws VitalsError.
 */
export async function countDeadLetters(bus: Bus, query: DeadLetterQuery): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const add = (reason: string, count: number): void => void counts.set(reason, (counts.get(reason) ?? 0) + count);
  if (query.from === undefined && query.to === undefined) {
    for (const [subject, count] of Object.entries(await countBySubject(bus, INVALID_STREAM, subjectOf(query)))) {
      add(subject.split('.')[2] ?? '', count);
    }
    return counts;
  }
  const range = await rangeOf(bus, query);
  if (range === null) return counts;
  let looked = 0;
  for await (const { reason } of headsOf(bus, query, range.from, range.to)) {
    add(reason, 1);
    looked += 1;
    if (looked === LOOKED_AT_MAX) break;
  }
  return counts;
}

/** Positions that a query is about; null: none. */
async function rangeOf(
  bus: Bus,
  { from, to }: DeadLetterQuery,
): Promise<{ readonly from: number; readonly to: number } | null> {
  const state = await stateOf(bus);
  if (state === null || state.messages === 0) return null;
  const first = from === undefined ? state.first_position : await positionSince(bus, INVALID_STREAM, ALL, from);
  const end = to === undefined ? null : await positionSince(bus, INVALID_STREAM, ALL, to);
  if (first === null) return null;
  const last = end === null ? state.last_position : end - 1;
  return first > last ? null : { from: first, to: last };
}

/** Null when there is no such stream yet. */
async function stateOf(bus: Bus): Promise<StreamState | null> {
  try {
    return await bus.streamState(INVALID_STREAM);
  } catch (error) {
    if (error instanceof VitalsError && isMissing(error.cause)) return null;
    throw error;
  }
}

async function* headsOf(bus: Bus, query: DeadLetterQuery, from: number, to: number): AsyncGenerator<DeadLetterHead> {
  const subject = subjectOf(query);
  for await (const message of storedMessages(bus, INVALID_STREAM, { subject, from, to, headers_only: true })) {
    const head = deadLetterHead(message, Number(headerValue(message.headers, 'Nats-Msg-Size')) || 0);
    // Two nodes can share a subject token.
    if (query.node === undefined || head.node === query.node) yield head;
  }
}

const subjectOf = ({ reason, node }: DeadLetterQuery): string =>
  `dcgm.invalid.${reason === undefined ? '*' : subjectToken(reason)}.${node === undefined ? '*' : subjectToken(node)}`;
