import type { BusFacts, StreamFacts } from '../bus/inspect-bus.ts';
import { shownAddress } from '../contract/shown-address.ts';
import { type Finding, finding } from './finding.ts';
import { bytesText, spanText } from './in-words.ts';

const FULL = 0.97;
/** A size limit that cuts well before the age limit keeps less for a replay than was asked for. */
const CUT = 0.9;
const STORAGE_LOW = 0.9;
const PENDING_MAX = 10_000;

export interface StreamContext {
  readonly now: number;
  /** Where it answered; may hold credentials. */
  readonly url: string;
  /** An engine is heard, which makes the streams at its start. */
  readonly engine: boolean;
}

export function judgeBus(facts: BusFacts, context: StreamContext): Finding[] {
  const server = finding('nats', 'server', {
    what: `nats-server ${facts.version} at ${shownAddress(context.url)}, round trip ${facts.round_trip_ms.toFixed(1)} ms`,
    figures: { version: facts.version, round_trip_ms: facts.round_trip_ms },
  });
  if (facts.jetstream_trouble !== null) {
    const action = 'Run the server with JetStream (`jetstream {}` in its configuration).';
    return [
      server,
      finding('nats', 'jetstream', { state: 'fail', what: facts.jetstream_trouble, code: 'GV-BUS-001', action }),
    ];
  }
  return [
    server,
    judgeStorage(facts),
    ...facts.streams.map((stream) => judgeStream(stream, context.now)),
    ...facts.missing.map((name) =>
      finding('nats', name, {
        state: context.engine ? 'fail' : 'warn',
        what: 'the stream is not there',
        code: 'GV-BUS-002',
        action: context.engine ? 'Restart the engine: it makes its streams.' : 'An engine makes it when it starts.',
      }),
    ),
  ];
}

function judgeStorage({ storage_bytes, storage_max_bytes }: BusFacts): Finding {
  const figures = { storage_bytes, storage_max_bytes };
  const limit = storage_max_bytes === 0 ? 'no limit of the account' : `of ${bytesText(storage_max_bytes)}`;
  const low = storage_max_bytes > 0 && storage_bytes / storage_max_bytes > STORAGE_LOW;
  return finding('nats', 'jetstream', {
    state: low ? 'warn' : 'ok',
    what: `on, ${bytesText(storage_bytes)} stored, ${limit}`,
    code: 'GV-BUS-002',
    action: "Raise the account's storage limit, or shorten stream-age-max.",
    figures,
  });
}

function judgeStream(stream: StreamFacts, now: number): Finding {
  const { name, messages, bytes, oldest_at, age_max_ms, size_max_bytes, consumers, pending_max } = stream;
  const oldest_age_ms = oldest_at === null ? 0 : Math.max(0, now - oldest_at);
  const figures = { messages, bytes, oldest_age_ms, age_max_ms, size_max_bytes, consumers, pending_max };
  const kept = [
    age_max_ms > 0 ? spanText(age_max_ms) : 'for ever',
    size_max_bytes > 0 ? `at most ${bytesText(size_max_bytes)}` : 'any size',
  ].join(', ');
  const what = `${messages} messages, ${bytesText(bytes)}, oldest ${spanText(oldest_age_ms)}; kept ${kept}`;
  const full = size_max_bytes > 0 && bytes > size_max_bytes * FULL;
  if (stream.refuses_when_full && full) {
    const action = 'Raise its max_bytes: it takes nothing more.';
    return finding('nats', name, { state: 'fail', what: `full: ${what}`, code: 'GV-BUS-002', action, figures });
  }
  if (full && age_max_ms > 0 && oldest_age_ms < age_max_ms * CUT) {
    const told = `${what}; its size cuts it at ${spanText(oldest_age_ms)}`;
    const action = 'Raise stream-size-max to keep as long as stream-age-max says.';
    return finding('nats', name, { state: 'warn', what: told, action, figures });
  }
  if (pending_max > PENDING_MAX) {
    const told = `${what}; a reader is ${pending_max} messages behind`;
    const action = 'See the engine; messages that go by retention before they are read are lost to it.';
    return finding('nats', name, { state: 'warn', what: told, action, figures });
  }
  return finding('nats', name, { what, figures });
}
