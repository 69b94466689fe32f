import { setTimeout as sleep } from 'node:timers/promises';
import { createInbox, type Msg } from '@nats-io/transport-node';
import type { Bus } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import { AUDIT_STREAM, PICKED_STREAM, STREAM_NAMES } from './ensure-streams.ts';
import { connectionOf, isMissing, managerOf, streamError } from './stream-manager.ts';

/** What the server wants to know of a stream before it takes its copy; both as the server spelled them. */
export interface StreamCopyHead {
  readonly config: Readonly<Record<string, unknown>>;
  readonly state: Readonly<Record<string, unknown>>;
}

export interface OwnStream {
  readonly name: string;
  readonly messages: number;
  readonly bytes: number;
}

/** Below the payload limit of every server, and the server's own default. */
export const COPY_CHUNK_BYTES = 128 * 1_024;
const ANSWER_MS = 30_000;
const NO_CONTENT = 204;
const PLACE_AGAIN_MS = 1_000;
const PLACE_TRIES = 40;
/** Buckets are streams with these names. */
const OWN_BUCKET = /^(KV|OBJ)_(GPU_VITALS|VITALS)_[\w-]+$/;

export const isOwnStream = (name: string): boolean =>
  [...STREAM_NAMES, AUDIT_STREAM, PICKED_STREAM].includes(name) || OWN_BUCKET.test(name);

/** Streams and buckets of ours that the server has, by name: states of groups before what they told since, as after a crash. Throws VitalsError. */
export async function ownStreams(bus: Bus): Promise<readonly OwnStream[]> {
  const found: OwnStream[] = [];
  try {
    for await (const { config, state } of (await managerOf(bus)).streams.list()) {
      if (!isOwnStream(config.name)) continue;
      found.push({ name: config.name, messages: state.messages, bytes: state.bytes });
    }
  } catch (cause) {
    throw streamError(cause, 'streams cannot be listed', '');
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Copies a stream as the server keeps it, while it is written to: positions, times and when it was made come with it, its
 * readers do not. The bytes are the server's own format (JetStream API STREAM.SNAPSHOT). Holds a few chunks: the server
 * sends no more than what was taken. Throws VitalsError GV-BUS-001 or GV-BUS-002.
 */
export async function saveStream(
  bus: Bus,
  stream: string,
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<StreamCopyHead> {
  const connection = connectionOf(bus);
  const inbox = createInbox();
  const subscription = connection.subscribe(inbox);
  try {
    const answer = await call(bus, `$JS.API.STREAM.SNAPSHOT.${stream}`, {
      deliver_subject: inbox,
      no_consumers: true,
      chunk_size: COPY_CHUNK_BYTES,
    });
    const messages = subscription[Symbol.asyncIterator]();
    for (;;) {
      const message = await withinLimit(messages.next(), stream);
      if (message.done === true) throw gone(stream);
      const { data, headers } = message.value;
      if (data.length === 0) {
        // Servers before 2.10 end without a status.
        if (headers !== undefined && headers.code !== 0 && headers.code !== NO_CONTENT) {
          throw new VitalsError('GV-BUS-002', `the copy ended early: ${headers.code} ${headers.description}`, stream);
        }
        return { config: objectIn(answer, 'config'), state: objectIn(answer, 'state') };
      }
      await write(data);
      message.value.respond();
    }
  } catch (cause) {
    throw streamError(cause, 'the stream cannot be copied', stream);
  } finally {
    if (!connection.isClosed()) subscription.unsubscribe();
  }
}

/** Brings a copy back; there must be no stream of that name. Chunks of at most `COPY_CHUNK_BYTES`. Throws as above. */
export async function restoreStream(
  bus: Bus,
  head: StreamCopyHead,
  chunks: AsyncIterable<Uint8Array>,
  replicas: number | null,
): Promise<void> {
  const connection = connectionOf(bus);
  const stream = String(head.config.name);
  const config = { ...head.config, ...(replicas !== null && { num_replicas: replicas }) };
  try {
    const answer = await oncePlaced(() => call(bus, `$JS.API.STREAM.RESTORE.${stream}`, { config, state: head.state }));
    const target = answer.deliver_subject;
    if (typeof target !== 'string') throw new Error('the server did not say where to send it');
    for await (const chunk of chunks) {
      const taken = await connection.request(target, chunk, { timeout: ANSWER_MS });
      if (taken.data.length > 0) refusalIn(JSON.parse(taken.string()), stream);
    }
    const end = await connection.request(target, new Uint8Array(0), { timeout: ANSWER_MS });
    refusalIn(JSON.parse(end.string()), stream);
  } catch (cause) {
    throw streamError(cause, 'the stream cannot be restored', stream);
  }
}

/** Nothing happens when there is none. */
export async function removeStream(bus: Bus, stream: string): Promise<void> {
  try {
    await (await managerOf(bus)).streams.delete(stream);
  } catch (cause) {
    if (!isMissing(cause)) throw streamError(cause, 'the stream cannot be removed', stream);
  }
}

/** Lets a stream forget everything before a position. */
export async function letGoBefore(bus: Bus, stream: string, position: number): Promise<void> {
  try {
    await (await managerOf(bus)).streams.purge(stream, { seq: position });
  } catch (cause) {
    throw streamError(cause, 'the stream cannot be shortened', stream);
  }
}

async function call(bus: Bus, subject: string, body: unknown): Promise<Readonly<Record<string, unknown>>> {
  const answer = await connectionOf(bus).request(subject, JSON.stringify(body), { timeout: ANSWER_MS });
  const told: unknown = JSON.parse(answer.string());
  refusalIn(told, subject);
  return told as Record<string, unknown>;
}

/** Servers of a cluster learn a while later that a stream that was taken away leaves room on the others. */
async function oncePlaced<T>(ask: () => Promise<T>): Promise<T> {
  for (let left = PLACE_TRIES; ; left--) {
    try {
      return await ask();
    } catch (cause) {
      const noRoom = cause instanceof VitalsError && cause.message.includes('no suitable peers');
      if (!noRoom || left === 0) throw cause;
      await sleep(PLACE_AGAIN_MS);
    }
  }
}

function refusalIn(told: unknown, where: string): void {
  const error = (told as { error?: { description?: unknown } } | null)?.error;
  if (error) throw new VitalsError('GV-BUS-002', `JetStream refuses: ${String(error.description)}`, where);
}

function objectIn(told: Readonly<Record<string, unknown>>, name: string): Readonly<Record<string, unknown>> {
  const value = told[name];
  if (typeof value !== 'object' || value === null) throw new Error(`the server told no ${name}`);
  return value as Record<string, unknown>;
}

async function withinLimit(
  next: Promise<IteratorResult<Msg>>,
  stream: string,
): Promise<IteratorResult<Msg, undefined>> {
  const ended = new AbortController();
  const limit = sleep(ANSWER_MS, null, { signal: ended.signal }).catch(() => null);
  try {
    const first = await Promise.race([next, limit]);
    if (first === null) throw gone(stream);
    return first;
  } finally {
    ended.abort();
  }
}

const gone = (stream: string): VitalsError =>
  new VitalsError('GV-BUS-001', `nothing more came within ${ANSWER_MS / 1_000} s`, stream);
