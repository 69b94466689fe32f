import { nuid } from '@nats-io/transport-node';
import type { OutgoingMessage, StreamPublisher } from '../contract/bus.ts';
import type { Link } from './link.ts';
import { parsePublishAck } from './publish-ack.ts';
import { createRoom } from './room.ts';
import { atLeast } from './server-version.ts';
import { encodeHeaders } from './wire-headers.ts';

type Ack = { readonly position: number; readonly duplicate: boolean };

interface Entry {
  readonly message: OutgoingMessage;
  readonly resolve: (ack: Ack | Promise<Ack>) => void;
}

/** From when on servers know a `Nats-Msg-Id` inside a batch. */
export const takesBatches = (server_version: string): boolean => atLeast(server_version, '2.12.1');

/** The server takes a thousand (ADR-50); half of that keeps the first from waiting long for the last. */
const MESSAGES_MAX = 500;
/** The server cuts a connection on which much more is under way. */
const BYTES_MAX = 8 * 1024 * 1024;
const ANSWER_MS = 5_000;

/**
 * Stores messages of one stream in atomic batches (NATS ADR-50): where the server syncs before it answers, it does so once a
 * batch. What comes while a batch is under way is the next one, so that a message which comes alone waits for nothing.
 *
 * A batch that is refused, or of which no answer came, goes message by message through `single`: under the same
 * `Nats-Msg-Id`, so that one that was stored nevertheless is not stored twice. Order is kept: one batch at a time.
 */
export function batchPublisher(link: Link, single: StreamPublisher): StreamPublisher {
  let queue: Entry[] = [];
  const room = createRoom();
  let working = false;
  let closed = false;

  async function work(): Promise<void> {
    // What is published in one turn belongs together.
    await new Promise(setImmediate);
    while (queue.length > 0) {
      const some = takeSome();
      const acks = some.length > 1 && !closed && link.connected() ? await storeTogether(link, some) : null;
      if (acks === null) await oneByOne(some);
      else for (const [i, { resolve }] of some.entries()) resolve(acks[i] as Ack);
    }
    working = false;
  }

  function takeSome(): Entry[] {
    let [count, bytes] = [0, 0];
    for (const { message } of queue) {
      bytes += message.data.length;
      if (count > 0 && (count === MESSAGES_MAX || bytes > BYTES_MAX)) break;
      count++;
    }
    const some = queue.slice(0, count);
    queue = queue.slice(count);
    if (queue.length < MESSAGES_MAX) room.open();
    return some;
  }

  async function oneByOne(entries: readonly Entry[]): Promise<void> {
    const stored = entries.map(({ message, resolve }) => {
      const ack = single.publish(message);
      resolve(ack);
      return ack;
    });
    await Promise.allSettled(stored);
  }

  return {
    publish(message) {
      const headers = { 'Nats-Msg-Id': nuid.next(), ...message.headers };
      return new Promise((resolve) => {
        queue.push({ message: { ...message, headers }, resolve });
        if (working) return;
        working = true;
        void work();
      });
    },
    pressure() {
      return closed || queue.length < MESSAGES_MAX ? single.pressure() : room.wait();
    },
    async close() {
      closed = true;
      await single.close();
    },
  };
}

/** Null: they are not stored, or nobody knows. */
async function storeTogether({ connection }: Link, entries: readonly Entry[]): Promise<readonly Ack[] | null> {
  const id = nuid.next();
  const headersOf = (i: number) =>
    encodeHeaders({
      ...entries[i]?.message.headers,
      'Nats-Batch-Id': id,
      'Nats-Batch-Sequence': String(i + 1),
      ...(i === entries.length - 1 && { 'Nats-Batch-Commit': '1' }),
    });
  try {
    const last = entries.length - 1;
    for (const [i, { message }] of entries.slice(0, last).entries()) {
      connection.publish(message.subject, message.data, { headers: headersOf(i) });
    }
    const { subject, data } = (entries[last] as Entry).message;
    const answer = parsePublishAck(
      (await connection.request(subject, data, { headers: headersOf(last), timeout: ANSWER_MS })).data,
    );
    return answer.ok ? entries.map((_, i) => ({ position: answer.position - last + i, duplicate: false })) : null;
  } catch {
    return null;
  }
}
