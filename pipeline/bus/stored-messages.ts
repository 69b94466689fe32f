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

/**
 * What a stream holds now, in order, headers included; ends at what was its end when the reading began. For tools:
 * every message's headers are read. Nothing when there is no such stream. Throws VitalsError.
 */
export async function* storedMessages(
  bus: Bus,
  stream: string,
  options: {
    readonly subject: string;
    readonly from: number;
    /** Last position; its end when absent. */
    readonly to?: number;
    /** Without their data; `Nats-Msg-Size` tells how much it is. */
    readonly headers_only?: true;
  },
): AsyncGenerator<StoredMessage> {
  try {
    const state = await bus.streamState(stream);
    const last = Math.min(state.last_position, options.to ?? state.last_position);
    if (state.messages === 0 || options.from > last) return;
    const consumer = await jetstream(connectionOf(bus)).consumers.get(stream, {
      filter_subjects: options.subject,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: Math.max(1, options.from),
      ...(options.headers_only && { headers_only: true }),
    });
    if ((await consumer.info(true)).num_pending === 0) return;
    const messages = await consumer.consume({ max_messages: 256 });
    try {
      for await (const message of messages) {
        if (message.seq > last) return;
        yield {
          subject: message.subject,
          data: message.data,
          headers: readHeaders(message),
          position: message.seq,
          arrived_at: Math.floor(message.info.timestampNanos / 1e6),
        };
        if (message.info.pending === 0) return;
      }
    } finally {
      messages.stop();
      await consumer.delete().catch(() => false);
    }
  } catch (cause) {
    if (isMissing(cause instanceof VitalsError ? cause.cause : cause)) return;
    throw streamError(cause, 'the stream cannot be read', stream);
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
