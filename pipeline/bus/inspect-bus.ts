import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import type { Clock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import { INVALID_STREAM, PICKED_STREAM, STREAM_NAMES } from './ensure-streams.ts';
import { connectionOf, isMissing, managerOf, streamError } from './stream-manager.ts';

export interface StreamFacts {
  readonly name: string;
  readonly messages: number;
  readonly bytes: number;
  /** When the oldest message was stored, epoch ms; null in an empty stream. */
  readonly oldest_at: number | null;
  /** Limits; 0 = none. `refuses_when_full`: instead of dropping its oldest. */
  readonly age_max_ms: number;
  readonly size_max_bytes: number;
  readonly refuses_when_full: boolean;
  readonly consumers: number;
  /** Messages that the slowest of them has yet to get. */
  readonly pending_max: number;
}

export interface BusFacts {
  readonly version: string;
  /** Null when JetStream answers, else why it does not. */
  readonly jetstream_trouble: string | null;
  readonly round_trip_ms: number;
  /** The server's clock less ours; null when the server does not tell its own (before 2.10). */
  readonly ahead_ms: number | null;
  /** Of the account; a limit of 0 is none. */
  readonly storage_bytes: number;
  readonly storage_max_bytes: number;
  readonly streams: readonly StreamFacts[];
  readonly missing: readonly string[];
}

/** NATS as it is now, for people: a few requests. */
export async function inspectBus(bus: Bus, clock: Clock): Promise<BusFacts> {
  const started = clock.monotonic();
  await bus.flush();
  const round_trip_ms = clock.monotonic() - started;
  const facts = { version: bus.server_version, round_trip_ms, storage_bytes: 0, storage_max_bytes: 0 };
  const streams: StreamFacts[] = [];
  const missing: string[] = [];
  let ahead_ms: number | null = null;
  try {
    const jsm = await managerOf(bus);
    const { storage, limits } = await jsm.getAccountInfo();
    for (const name of [...STREAM_NAMES, PICKED_STREAM]) {
      try {
        const before = clock.now();
        const { config, state, ts } = await jsm.streams.info(name);
        if (ts !== undefined && ahead_ms === null) ahead_ms = Date.parse(ts) - (before + clock.now()) / 2;
        let consumers = 0;
        let pending_max = 0;
        for await (const { num_pending } of jsm.consumers.list(name)) {
          consumers += 1;
          pending_max = Math.max(pending_max, num_pending);
        }
        streams.push({
          name,
          messages: state.messages,
          bytes: state.bytes,
          oldest_at: state.messages === 0 ? null : Date.parse(state.first_ts),
          age_max_ms: config.max_age / 1e6,
          size_max_bytes: Math.max(0, config.max_bytes),
          refuses_when_full: config.discard === 'new',
          consumers,
          pending_max,
        });
      } catch (cause) {
        if (!isMissing(cause)) throw cause;
        if (name !== PICKED_STREAM) missing.push(name);
      }
    }
    const storage_max_bytes = Math.max(0, limits.max_storage);
    return { ...facts, storage_bytes: storage, storage_max_bytes, jetstream_trouble: null, ahead_ms, streams, missing };
  } catch (cause) {
    const { message } = streamError(cause, 'JetStream does not answer', '');
    return { ...facts, jetstream_trouble: message, ahead_ms, streams, missing };
  }
}

/** What was refused since an instant (epoch ms), by reason; stops counting at `limit`. Reads headers only. Throws VitalsError. */
export async function countInvalid(bus: Bus, since: number, limit: number): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  try {
    const consumer = await jetstream(connectionOf(bus)).consumers.get(INVALID_STREAM, {
      filter_subjects: 'dcgm.invalid.>',
      deliver_policy: DeliverPolicy.StartTime,
      opt_start_time: new Date(since).toISOString(),
      headers_only: true,
    });
    if ((await consumer.info(true)).num_pending === 0) return counts;
    const messages = await consumer.consume({ max_messages: 1_000 });
    let total = 0;
    try {
      for await (const { subject, info } of messages) {
        const reason = subject.split('.')[2] ?? '';
        counts.set(reason, (counts.get(reason) ?? 0) + 1);
        total += 1;
        if (info.pending === 0 || total >= limit) return counts;
      }
    } finally {
      messages.stop();
      await consumer.delete().catch(() => false);
    }
    return counts;
  } catch (cause) {
    if (isMissing(cause)) return counts;
    throw streamError(cause, 'dead letters cannot be counted', INVALID_STREAM);
  }
}
