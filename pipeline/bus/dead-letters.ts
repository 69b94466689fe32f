import type { Clock } from '../clock.ts';
import type { Bus, OutgoingMessage } from '../contract/bus.ts';
import type { ErrorCode } from '../contract/error-catalogue.ts';
import { VitalsError } from '../contract/errors.ts';
import type { DeadLetter, Reason, RefusalLevel } from '../contract/events.ts';
import { rawSubject, subjectToken } from '../contract/ids.ts';
import { INVALID_STREAM } from './ensure-streams.ts';
import { NOBODY, retryNotification } from './retry-notification.ts';
import { type StoredMessage, storedMessage, storedMessages } from './stored-messages.ts';
import { isMissing, managerOf, streamError } from './stream-manager.ts';
import { headerValue } from './wire-headers.ts';

interface DeadLetterFilter {
  /** Positions in DCGM_INVALID, as `listDeadLetters` tells them. */
  readonly positions?: readonly number[];
  readonly reason?: string;
  readonly node?: string;
}

/** A dead letter as it lies in the stream. `ts` is the event time, `arrived_at` when it was refused, epoch ms. */
export interface StoredDeadLetter extends DeadLetter {
  readonly position: number;
  readonly arrived_at: number;
  readonly content_type: string;
  readonly size_bytes: number;
  /** When it was sent again; null while it was not. */
  readonly retried_at: number | null;
}

interface RetryResult {
  readonly retried: number;
  /** Sent again before, without original bytes to send, or a message that nobody takes back. */
  readonly skipped: number;
}

const RETRIED_AT = 'Retried-At';

/** Dead letters from the oldest on, with their originals. Reads the stream as it goes; throws VitalsError. */
export async function* listDeadLetters(
  bus: Bus,
  options: DeadLetterFilter & { readonly from?: number; readonly limit?: number } = {},
): AsyncGenerator<StoredDeadLetter> {
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  for await (const message of select(bus, options, options.from ?? 1)) {
    if (left-- <= 0) return;
    yield deadLetter(message);
  }
}

/** One dead letter. Throws VitalsError GV-CLI-002 when there is none at this position. */
export async function showDeadLetter(bus: Bus, position: number): Promise<StoredDeadLetter> {
  const message = await storedMessage(bus, INVALID_STREAM, position);
  if (!message) throw new VitalsError('GV-CLI-002', `no dead letter at position ${position}`, INVALID_STREAM);
  return deadLetter(message);
}

/**
 * Sends originals again to `dcgm.raw.<group>.<node>`, with their content type and event time. A letter that was sent is
 * replaced by a copy that says so, after the raw stream has stored it, so that a second retry passes it by and a letter
 * that fails again is still there. `again` sends those too. Messages to people go back to whoever
 * delivers alerts; throws GV-ALT-005 when there was nothing else and they were not taken.
 */
export async function retryDeadLetters(
  bus: Bus,
  options: DeadLetterFilter & { readonly clock: Clock; readonly again?: boolean; readonly retried_max?: number },
): Promise<RetryResult> {
  const jsm = await managerOf(bus);
  const publisher = bus.publisher();
  // Copies get positions behind the end of today's letters; reading on into them would never end with `again`.
  const last = (await bus.streamState(INVALID_STREAM)).last_position;
  let retried = 0;
  let skipped = 0;
  let refused = null as VitalsError | null;
  try {
    for await (const message of select(bus, options, 1)) {
      if (message.position > last) break;
      if (retried === options.retried_max) break;
      const before = headerValue(message.headers, RETRIED_AT);
      if ((before !== '' && !options.again) || message.data.length === 0) {
        skipped++;
        continue;
      }
      if (headerValue(message.headers, 'Level') === 'notification') {
        refused = refused?.where === NOBODY ? refused : await retryNotification(bus, message.data);
        if (refused !== null) {
          skipped++;
          continue;
        }
      } else {
        await publisher.publish(rawAgain(message));
      }
      await publisher.publish({
        subject: message.subject,
        data: message.data,
        headers: {
          ...message.headers,
          [RETRIED_AT]: String(options.clock.now()),
          'Nats-Msg-Id': `retried:${message.position}:${headerValue(message.headers, 'Nats-Msg-Id')}`,
        },
      });
      await remove(jsm, message.position);
      retried++;
      if (message.position === last) break;
    }
  } finally {
    await publisher.close();
  }
  if (refused !== null && retried === 0) throw refused;
  return { retried, skipped };
}

function rawAgain(message: StoredMessage): OutgoingMessage {
  return {
    subject: rawSubject(headerValue(message.headers, 'Node')),
    data: message.data,
    headers: {
      'Content-Type': headerValue(message.headers, 'Content-Type'),
      'Event-Time': eventTimeOf(message),
      'Nats-Msg-Id': `retry:${message.position}:${headerValue(message.headers, 'Nats-Msg-Id')}`,
    },
  };
}

/**
 * What was refused out of a text is a part of it: sent again at the same instant it would replace the row that went on without
 * it. So it comes a millisecond later, as a row of its own. A whole text, and a row that says all of itself, come as they were.
 */
function eventTimeOf(message: StoredMessage): string {
  const header = (name: string): string => headerValue(message.headers, name);
  const level = header('Level');
  const isPart = level === 'value' || level === 'line' || (level === 'row' && header('Content-Type') === 'text/plain');
  return isPart ? String(Number(header('Event-Time')) + 1) : header('Event-Time');
}

async function remove(jsm: Awaited<ReturnType<typeof managerOf>>, position: number): Promise<void> {
  try {
    await jsm.streams.deleteMessage(INVALID_STREAM, position, false);
  } catch (cause) {
    if (!isMissing(cause)) throw streamError(cause, `dead letter ${position} cannot be removed`, INVALID_STREAM);
  }
}

async function* select(bus: Bus, filter: DeadLetterFilter, from: number): AsyncGenerator<StoredMessage> {
  if (filter.positions) {
    for (const position of [...filter.positions].sort((a, b) => a - b)) {
      const message = position >= from ? await storedMessage(bus, INVALID_STREAM, position) : null;
      if (message && matches(message, filter)) yield message;
    }
    return;
  }
  const subject = `dcgm.invalid.${filter.reason ? subjectToken(filter.reason) : '*'}.${
    filter.node === undefined ? '*' : subjectToken(filter.node)
  }`;
  for await (const message of storedMessages(bus, INVALID_STREAM, { subject, from })) {
    if (matches(message, filter)) yield message;
  }
}

/** By headers: two nodes can share a subject token. */
const matches = (message: StoredMessage, filter: DeadLetterFilter): boolean =>
  (filter.reason === undefined || headerValue(message.headers, 'Reason') === filter.reason) &&
  (filter.node === undefined || headerValue(message.headers, 'Node') === filter.node);

function deadLetter(message: StoredMessage): StoredDeadLetter {
  const head = deadLetterHead(message, message.data.length);
  const text = Buffer.from(message.data.buffer, message.data.byteOffset, message.data.byteLength);
  const isText =
    head.content_type !== 'application/vnd.gpu-vitals.scrape' && Buffer.from(text.toString('utf8')).equals(text);
  return {
    ...head,
    ...(isText ? { original: text.toString('utf8') } : { original_base64: text.toString('base64') }),
  };
}

/** All of a dead letter but its original. */
export type DeadLetterHead = Omit<StoredDeadLetter, 'original' | 'original_base64'>;

export function deadLetterHead(message: StoredMessage, size_bytes: number): DeadLetterHead {
  const header = (name: string): string => headerValue(message.headers, name);
  const retriedAt = header(RETRIED_AT);
  return {
    position: message.position,
    ts: Number(header('Event-Time')) || message.arrived_at,
    node: header('Node'),
    level: header('Level') as RefusalLevel,
    reason: header('Reason') as Reason,
    code: header('Code') as ErrorCode,
    step: header('Step'),
    detail: header('Detail'),
    content_type: header('Content-Type'),
    size_bytes,
    arrived_at: message.arrived_at,
    retried_at: retriedAt === '' ? null : Number(retriedAt),
  };
}
