import { AckPolicy, type ConsumerConfig, DeliverPolicy, JetStreamApiError, ReplayPolicy } from '@nats-io/jetstream';
import { createInbox, type Msg, nanos, type Subscription } from '@nats-io/transport-node';
import type { ReadOptions } from '../contract/bus.ts';
import type { RawMessage } from '../contract/message.ts';
import { readDelivery } from './delivery.ts';
import type { Link } from './link.ts';
import { rawMessage } from './raw-message.ts';
import { resumeAt } from './resume-at.ts';
import { atLeast } from './server-version.ts';
import { streamInfo } from './stream-info.ts';
import { manager, streamError } from './stream-manager.ts';
import { subjectMatch } from './subject-match.ts';

const BATCH_MAX = 512;
/** Messages asked for and not yet taken, as a multiple of batch_max. */
const AHEAD = 4;
/** One request's bytes. Two can be open, which stays far below the 64 MiB at which the server cuts a slow connection. */
const REQUEST_BYTES = 8 * 1024 * 1024;
const HEADROOM_BYTES = 64 * 1024;
const QUEUED_BYTES_MAX = 16 * 1024 * 1024;
const EXPIRES_MS = 30_000;
const SILENCE_MAX_MS = 15_000;
const HEARTBEATS_MISSED = 3;
const CHECK_MS = 1_000;
const INACTIVE_MS = 300_000;
const BACK_OFF_MIN_MS = 100;
const BACK_OFF_MAX_MS = 2_000;
const BAD_REQUEST = 400;

interface Session {
  readonly consumer: string;
  readonly inbox: string;
  readonly subscription: Subscription;
  /** Patterns to apply here because the server cannot. */
  readonly filter: readonly string[];
  delivered: number;
  requests: number;
}

/**
 * See Bus.read. Bounded by `AHEAD * batch_max` messages and about QUEUED_BYTES_MAX + 2 * REQUEST_BYTES of memory.
 *
 * An own pull loop on an ephemeral consumer without acks. The library's ordered consumer was measured beside it (120,000
 * messages of 2 kB, server and reader on two busy cores): both 3.5 to 5 us of CPU a message, its iterator 5 to 6. It was
 * not taken because it yields one by one, limits its read-ahead by messages or by bytes but not both, tells neither gaps
 * nor why it began again, and waits for ever behind the end of a stream that was made anew.
 */
export async function* readStream(
  link: Link,
  options: ReadOptions,
  signal: AbortSignal,
): AsyncGenerator<readonly RawMessage[]> {
  const { connection, clock } = link;
  const { stream, subjects = [] } = options;
  const { batch_max: batchMax = BATCH_MAX, silence_max_ms: silenceMax = SILENCE_MAX_MS } = options;
  const window = AHEAD * batchMax;
  let next = options.from;
  let fresh = options.from <= 1;
  let created = '';
  let queue: RawMessage[] = [];
  let queueAt = 0;
  let queuedBytes = 0;
  /** Messages asked for and not yet delivered. */
  let outstanding = 0;
  let session: Session | null = null;
  let starting = false;
  let backOff = BACK_OFF_MIN_MS;
  let retryTimer: NodeJS.Timeout | null = null;
  let heardAt = clock.monotonic();
  let checkedAt = heardAt;
  let failure: Error | null = null;
  let ended = false;
  let wake: (() => void) | null = null;
  /** Set while the arrival of messages is to be told once the sockets that are ready have been read: see `take`. */
  let waking: NodeJS.Immediate | null = null;

  const signalled = (): void => {
    if (waking) clearImmediate(waking);
    waking = null;
    wake?.();
    wake = null;
  };
  const queued = (): number => queue.length - queueAt;
  function refill(): void {
    if (!session || outstanding + queued() > window / 2 || queuedBytes > QUEUED_BYTES_MAX) return;
    const batch = window - outstanding - queued();
    if (outstanding === 0) heardAt = clock.monotonic();
    outstanding += batch;
    const request = {
      batch,
      // Less than one message would never be served.
      max_bytes: Math.max(REQUEST_BYTES, (connection.info?.max_payload ?? 0) + HEADROOM_BYTES),
      expires: nanos(EXPIRES_MS),
      idle_heartbeat: nanos(Math.floor(silenceMax / HEARTBEATS_MISSED)),
    };
    connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${session.consumer}`, JSON.stringify(request), {
      reply: `${session.inbox}.${session.requests++}`,
    });
  }

  function leave(): void {
    if (retryTimer) clearTimeout(retryTimer);
    retryTimer = null;
    if (!session) return;
    const { consumer, subscription } = session;
    session = null;
    outstanding = 0;
    if (connection.isClosed()) return;
    subscription.unsubscribe();
    // It would go by itself after INACTIVE_MS; a failure to delete it changes nothing.
    if (link.connected()) connection.publish(`$JS.API.CONSUMER.DELETE.${stream}.${consumer}`);
  }

  function restart(detail: string): void {
    leave();
    if (ended) return;
    link.report({ type: 'read_restarted', stream, from: next, detail });
    retryTimer = setTimeout(start, backOff);
    backOff = Math.min(backOff * 2, BACK_OFF_MAX_MS);
  }

  function start(): void {
    if (ended || starting || session || !link.connected()) return;
    starting = true;
    open()
      .then(
        (opened) => {
          starting = false;
          if (ended || !link.connected()) {
            session = opened;
            leave();
            return;
          }
          session = opened;
          heardAt = clock.monotonic();
          refill();
        },
        (cause: unknown) => {
          starting = false;
          if (cause instanceof JetStreamApiError && cause.status === BAD_REQUEST) {
            failure = streamError(cause, 'the stream cannot be read', stream);
            signalled();
          } else {
            restart(cause instanceof Error ? cause.message : String(cause));
          }
        },
      )
      .catch((cause: unknown) => link.report({ type: 'error', detail: String(cause) }));
  }

  async function open(): Promise<Session> {
    const jsm = await manager(connection);
    const asked = { seen: { created, last_position: next - 1 }, wanted: () => !ended && link.connected() };
    const info = await streamInfo(jsm, stream, asked);
    const place = resumeAt({ wanted: next, fresh, created_before: created }, info);
    const several = subjects.length > 1;
    const serverFilters = !several || atLeast(connection.info?.version ?? '', '2.10.0');
    const config: Partial<ConsumerConfig> = {
      name: createInbox('gv').replace('.', '_'),
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: place.position,
      replay_policy: ReplayPolicy.Instant,
      inactive_threshold: nanos(INACTIVE_MS),
      mem_storage: true,
      num_replicas: 1,
      ...(options.headers_only && { headers_only: true }),
      ...(subjects.length === 1 && { filter_subject: subjects[0] as string }),
      ...(several && serverFilters && { filter_subjects: [...subjects] }),
    };
    const consumer = (await jsm.consumers.add(stream, config)).name;
    if (place.gap) {
      link.report({ type: 'gap', stream, reason: place.gap, expected: next, continued_at: place.position });
    }
    next = place.position;
    created = info.created;
    const inbox = createInbox();
    const opened: Session = {
      consumer,
      inbox,
      subscription: connection.subscribe(`${inbox}.*`, { callback: (error, message) => take(opened, error, message) }),
      filter: serverFilters ? [] : subjects,
      delivered: 0,
      requests: 0,
    };
    return opened;
  }

  /**
   * A message, or a word from the server. The consumer is woken after all that the sockets had was read, not after the
   * first chunk of 64 KiB: arrays are several times fuller under load, for some microseconds when idle.
   */
  function take(from: Session, error: Error | null, message: Msg): void {
    if (from !== session) return;
    if (error) {
      restart(error.message);
      return;
    }
    heardAt = clock.monotonic();
    const delivery = readDelivery(message.reply ?? '');
    if (!delivery) {
      takeStatus(message);
      return;
    }
    outstanding--;
    if (delivery.delivered !== from.delivered + 1) {
      restart(`delivery ${delivery.delivered} came after ${from.delivered}`);
      return;
    }
    from.delivered = delivery.delivered;
    backOff = BACK_OFF_MIN_MS;
    // Without a filter a hole means that messages were deleted, or eaten by the limits while we were reading.
    if (subjects.length === 0 && delivery.position > next && !fresh) void tellHole(next, delivery.position);
    fresh = false;
    next = delivery.position + 1;
    if (from.filter.length === 0 || from.filter.some((pattern) => subjectMatch(pattern, message.subject))) {
      const raw = rawMessage(message, delivery, options.traces);
      queue.push(raw);
      queuedBytes += raw.data.length;
    }
    refill();
    if (wake && queued() >= batchMax) signalled();
    else if (wake && !waking) waking = setImmediate(signalled);
  }

  /** Ends of requests: expired (408), bytes used up (409), consumer gone (409, 503), and heartbeats (100) in between. */
  function takeStatus(message: Msg): void {
    const code = message.headers?.code ?? 0;
    if (code === 100) return;
    const left = Number(message.headers?.get('Nats-Pending-Messages') || '0');
    outstanding = Math.max(0, outstanding - left);
    const description = message.headers?.description ?? '';
    if (code === 404 || code === 408 || /exceeds maxbytes|batch completed/i.test(description)) refill();
    else restart(`${code} ${description}`.trim());
  }

  async function tellHole(expected: number, continuedAt: number): Promise<void> {
    try {
      const { state } = await (await manager(connection)).streams.info(stream);
      if (state.first_seq > expected) {
        link.report({ type: 'gap', stream, reason: 'retention', expected, continued_at: continuedAt });
      }
    } catch (cause) {
      link.report({ type: 'error', detail: `state of ${stream}: ${String(cause)}` });
    }
  }

  const end = (): void => {
    if (ended) return;
    ended = true;
    clearInterval(check);
    unwatch();
    leave();
    signalled();
  };
  const check = setInterval(() => {
    const now = clock.monotonic();
    // A late tick means that this thread was busy: what the server sent meanwhile has not been looked at yet.
    if (now - checkedAt > 2 * CHECK_MS) heardAt = now;
    checkedAt = now;
    if (session && outstanding > 0 && now - heardAt > silenceMax) restart('no heartbeat');
  }, CHECK_MS);
  const unwatch = link.watch((up) => {
    leave();
    if (up) start();
  });
  signal.addEventListener('abort', end, { once: true });
  link.closing.addEventListener('abort', end, { once: true });

  try {
    if (signal.aborted || link.closing.aborted) return;
    start();
    while (!ended) {
      if (failure) throw failure;
      if (queued() === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      let batch: RawMessage[];
      if (queued() <= batchMax) {
        batch = queueAt === 0 ? queue : queue.slice(queueAt);
        queue = [];
        queueAt = 0;
      } else {
        batch = queue.slice(queueAt, queueAt + batchMax);
        queueAt += batchMax;
      }
      for (const message of batch) queuedBytes -= message.data.length;
      refill();
      yield batch;
    }
  } finally {
    signal.removeEventListener('abort', end);
    link.closing.removeEventListener('abort', end);
    end();
  }
}
