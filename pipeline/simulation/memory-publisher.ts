import type { OutgoingMessage, StreamPublisher } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import type { MemoryBusOptions } from './memory-bus.ts';

const TRAVEL_MS = 3;
const ACK_TIMEOUT_MS = 1_000;

interface Entry {
  readonly message: OutgoingMessage;
  readonly id: string;
  readonly resolve: (ack: { position: number; duplicate: boolean }) => void;
  readonly reject: (error: VitalsError) => void;
}

const STREAM_OF: readonly (readonly [prefix: string, stream: string])[] = [
  ['alerts.', 'ALERTS'],
  ['dcgm.invalid.', 'DCGM_INVALID'],
];

/**
 * Stores messages in order. A flight of them leaves together; a cut on the way stores the first few, and answers can get
 * lost: what is not acknowledged is sent again under its id.
 */
export function memoryPublisher(options: MemoryBusOptions, window: number): StreamPublisher {
  const { life, streams, draw, faults, holding } = options;
  const { time } = life;
  let entries: Entry[] = [];
  let sending = false;
  let closed = false;
  let room: { promise: Promise<void>; resolve: () => void } | null = null;
  let made = 0;

  const store = ({ message, id }: Entry): { position: number; duplicate: boolean } => {
    const stream = STREAM_OF.find(([prefix]) => message.subject.startsWith(prefix))?.[1];
    if (stream === undefined) throw new Error(`no stream takes ${message.subject}`);
    const stored_at = streams.storedAt(stream, id);
    if (stream === 'ALERTS' && stored_at !== null && stored_at < life.born) options.toldAgain(id);
    const { subject, data } = message;
    const at = Math.floor(time.now);
    const rest = { content_type: 'application/json', arrived_at: at, event_time: at } as const;
    return streams.append(stream, { subject, data, id, ...rest }, time.now);
  };

  /** One flight: what of it was acknowledged. */
  const fly = async (flight: readonly Entry[]): Promise<readonly { position: number; duplicate: boolean }[]> => {
    const acks: { position: number; duplicate: boolean }[] = [];
    const arrival = time.now + draw.unit() * TRAVEL_MS;
    time.at(arrival, () => {
      const whole = life.alive && !faults.now('cut', time.now);
      const arrived = whole ? flight.length : draw.below(flight.length + 1);
      for (const entry of flight.slice(0, arrived)) acks.push(store(entry));
    });
    await life.passed(arrival - time.now + draw.unit() * TRAVEL_MS);
    if (faults.now('cut', time.now)) return [];
    return faults.now('lost_acks', time.now) ? acks.slice(0, draw.below(acks.length + 1)) : acks;
  };

  const send = async (): Promise<void> => {
    sending = true;
    while (entries.length > 0 && !closed) {
      const flight = entries.slice(0, Math.min(window, 1 + draw.below(64)));
      const acks = faults.now('cut', time.now) ? [] : await fly(flight);
      entries = entries.slice(acks.length);
      acks.forEach((ack, i) => {
        flight[i]?.resolve(ack);
      });
      if (entries.length < window) {
        room?.resolve();
        room = null;
      }
      if (acks.length < flight.length) await life.passed(draw.unit() * ACK_TIMEOUT_MS);
    }
    sending = false;
  };

  return {
    publish(message) {
      return new Promise((resolve, reject) => {
        const id = message.headers?.['Nats-Msg-Id'] ?? `made-${time.steps}-${made++}`;
        entries.push({ message, id, resolve, reject });
        holding(entries.length);
        if (!sending) void send();
      });
    },
    pressure() {
      if (entries.length < window || closed) return null;
      if (room === null) {
        let resolve = (): void => undefined;
        const promise = new Promise<void>((done) => {
          resolve = done;
        });
        room = { promise, resolve };
      }
      return room.promise;
    },
    async close() {
      closed = true;
      for (const { reject } of entries.splice(0)) reject(new VitalsError('GV-BUS-001', 'closed', 'simulation'));
    },
  };
}
