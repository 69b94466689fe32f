import type { Bus, OutgoingMessage, ReadOptions } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import type { RawMessage } from '../contract/message.ts';
import type { FaultPlan } from './faults.ts';
import { memoryPublisher } from './memory-publisher.ts';
import type { MemoryStreams } from './memory-streams.ts';
import type { Draw } from './seeded-random.ts';
import type { Life } from './virtual-time.ts';

const TRAVEL_MS = 2;
const LOOK_AGAIN_MS = 20;
/** Changes of the inventory count some time after they are stored: they are taken to be heard by then, as the engine does. */
const SETTLED_STREAM = 'ASSETS';

export interface MemoryBusOptions {
  readonly life: Life;
  readonly streams: MemoryStreams;
  readonly draw: Draw;
  readonly faults: FaultPlan;
  /** Takes what is published without being stored. */
  readonly told: (message: OutgoingMessage) => void;
  /** Takes the id of an alert that was stored before this process began: who listens hears it again. */
  readonly toldAgain: (id: string) => void;
  /** Takes how many messages a publisher holds. */
  readonly holding: (messages: number) => void;
  /** Added to where a reader goes on after a cut: 0, but for a reader that is broken on purpose. */
  readonly resume_error?: number;
}

/**
 * A connection to streams in memory, within the contract of Bus: a reader gets everything in order, once, in pieces of any
 * size, and goes on behind the last of them after a cut; while there is one, nothing is told and calls fail.
 */
export function memoryBus(options: MemoryBusOptions): Bus {
  const { life, streams, draw, faults } = options;
  const { time } = life;
  const cut = (): boolean => faults.now('cut', time.now);
  const away = (): VitalsError => new VitalsError('GV-BUS-001', 'NATS is away', 'simulation');
  const closing = new AbortController();

  async function* read(wanted: ReadOptions, signal: AbortSignal): AsyncGenerator<readonly RawMessage[]> {
    let next = wanted.from;
    let wasCut = false;
    const ended = (): boolean => signal.aborted || closing.signal.aborted;
    while (!ended()) {
      await life.passed(draw.unit() * TRAVEL_MS);
      if (cut() && wanted.stream !== SETTLED_STREAM) {
        wasCut = true;
        await life.passed(draw.unit() * LOOK_AGAIN_MS);
        continue;
      }
      if (wasCut) next += options.resume_error ?? 0;
      wasCut = false;
      const held = streams.held(wanted.stream);
      if (held.length < next) {
        if (ended()) return;
        await changed(signal);
        continue;
      }
      const most = Math.min(wanted.batch_max ?? 512, draw.chance(0.5) ? 1 + draw.below(8) : 512);
      const messages = held.slice(Math.max(1, next) - 1, Math.max(1, next) - 1 + most);
      next = (messages.at(-1)?.position ?? next) + 1;
      if (!ended()) yield messages;
    }
  }

  /** Resolves at the next message, or at the end of reading. */
  const changed = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        unwatch();
        signal.removeEventListener('abort', done);
        closing.signal.removeEventListener('abort', done);
        if (life.alive) resolve();
      };
      const unwatch = streams.watch(done);
      signal.addEventListener('abort', done);
      closing.signal.addEventListener('abort', done);
    });

  return {
    get connected() {
      return !cut();
    },
    // Nothing that was handed over is lost on the way here.
    losses: 0,
    server_version: '2.15.1',
    publish(message) {
      if (!cut()) options.told(message);
    },
    subscribe: () => ({ unsubscribe: () => undefined }),
    request: () => Promise.reject(away()),
    publisher: ({ window } = {}) => memoryPublisher(options, window ?? 1024),
    read,
    async streamState(stream) {
      await life.passed(draw.unit() * TRAVEL_MS);
      if (cut()) throw away();
      const held = streams.held(stream);
      const bytes = held.reduce((sum, { data }) => sum + data.length, 0);
      return { messages: held.length, bytes, first_position: 1, last_position: held.length, created: stream };
    },
    async flush() {
      await life.passed(draw.unit() * TRAVEL_MS);
      if (cut()) throw away();
    },
    async close() {
      closing.abort();
    },
  };
}
