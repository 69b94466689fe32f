import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import type { Bus } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import { connectionOf, isMissing, managerOf, streamError } from './stream-manager.ts';
import { readHeaders } from './wire-headers.ts';

export interface StoredMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly position: number;
  /** Epoch ms. */
  readonly arrived_at: number;
}

interface Reading {
  readonly subject: string;
  readonly from: number;
  /** Last position; its end when absent. */
  readonly to?: number;
  /** Without their data; `Nats-Msg-Size` tells how much it is. */
  readonly headers_only?: true;
  /** A reading to which nothing came for so long begins again behind its last message; 5 s when absent. */
  readonly silence_max_ms?: number;
}

const SILENCE_MAX_MS = 5_000;
/** So often in a row without a message; then the reading fails. */
const SILENCES_MAX = 3;

/**
 * What a stream holds now, in order, headers included; ends at what was its end when the reading began. For tools:
 * every message's headers are read. Nothing when there is no such stream. Throws VitalsError; also when a server that looks
 * connected does not send what it has.
 */
export async function* storedMessages(bus: Bus, stream: string, options: Reading): AsyncGenerator<StoredMessage> {
  try {
    const state = await bus.streamState(stream);
    const last = Math.min(state.last_position, options.to ?? state.last_position);
    if (state.messages === 0) return;
    let from = options.from;
    for (let silences = 0; from <= last; silences++) {
      if (silences > SILENCES_MAX) throw new Error(`position ${from} was asked for ${silences} times and did not come`);
      for await (const message of storedBetween(bus, stream, { ...options, from, to: last })) {
        if (message === 'end') return;
        yield message;
        from = message.position + 1;
        silences = 0;
      }
    }
  } catch (cause) {
    if (isMissing(cause instanceof VitalsError ? cause.cause : cause)) return;
    throw streamError(cause, 'the stream cannot be read', stream);
  }
}

/** Says `end` when there is nothing more; ends without it when nothing came for too long. */
async function* storedBetween(
  bus: Bus,
  stream: string,
  { subject, from, to, headers_only, silence_max_ms = SILENCE_MAX_MS }: Reading & { readonly to: number },
): AsyncGenerator<StoredMessage | 'end'> {
  const consumer = await jetstream(connectionOf(bus)).consumers.get(stream, {
    filter_subjects: subject,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: Math.max(1, from),
    ...(headers_only && { headers_only: true }),
  });
  if ((await consumer.info(true)).num_pending === 0) return yield 'end';
  const messages = await consumer.consume({ max_messages: 256 });
  const silent = setTimeout(() => messages.stop(), silence_max_ms);
  try {
    for await (const message of messages) {
      if (message.seq > to) return yield 'end';
      yield {
        subject: message.subject,
        data: message.data,
        headers: readHeaders(message),
        position: message.seq,
        arrived_at: Math.floor(message.info.timestampNanos / 1e6),
      };
      if (message.info.pending === 0) return yield 'end';
      silent.refresh();
    }
  } finally {
    clearTimeout(silent);
    messages.stop();
    await consumer.delete().catch(() => false);
  }
}

/** Position of the first message of a subject that was stored at or after an instant (epoch ms); null when there is none. Throws VitalsError. */
export async function positionSince(bus: Bus, stream: string, subject: string, since: number): Promise<number | null> {
  try {
    const { streams } = await managerOf(bus);
    const state = await bus.streamState(stream);
    let low = state.first_position;
    let high = state.last_position + 1;
    // Below `low` all are older; from `high` on none is, or there is nothing.
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      // The server knows both together since 2.9; the library's types know them only of streams with direct reading.
      const query: { seq: number } = { seq: middle, ...{ next_by_subj: subject } };
      const found = await streams.getMessage(stream, query).catch(nothingThere);
      if (!found || found.time.getTime() >= since) high = middle;
      else low = found.seq + 1;
    }
    return low > state.last_position ? null : low;
  } catch (cause) {
    if (isMissing(cause instanceof VitalsError ? cause.cause : cause)) return null;
    throw streamError(cause, 'the stream cannot be read', stream);
  }
}

const nothingThere = (cause: unknown): null => {
  if (isMissing(cause)) return null;
  throw cause;
};

/** How many messages a stream holds under each subject that matches; none when there is no such stream. Throws VitalsError. */
export async function countBySubject(
  bus: Bus,
  stream: string,
  subject: string,
): Promise<Readonly<Record<string, number>>> {
  try {
    const { streams } = await managerOf(bus);
    const { state } = await streams.info(stream, { subjects_filter: subject });
    return state.subjects ?? {};
  } catch (cause) {
    if (isMissing(cause)) return {};
    throw streamError(cause, 'the stream cannot be counted', stream);
  }
}

/** One message; null when there is none at this position. Throws VitalsError. */
export async function storedMessage(bus: Bus, stream: string, position: number): Promise<StoredMessage | null> {
  try {
    const message = await (await managerOf(bus)).streams.getMessage(stream, { seq: position });
    if (!message) return null;
    return {
      subject: message.subject,
      data: message.data,
      headers: readHeaders({ headers: message.header }),
      position: message.seq,
      arrived_at: message.time.getTime(),
    };
  } catch (cause) {
    if (isMissing(cause)) return null;
    throw streamError(cause, `position ${position} cannot be read`, stream);
  }
}
