import type { Bus } from '../contract/bus.ts';
import { groupToken } from '../contract/ids.ts';
import type { RawMessage } from '../contract/message.ts';
import { anotherStream } from './fleet-work.ts';

export interface GroupReader {
  /** Whether messages wait. */
  readonly ready: boolean;
  /** Position of the first that waits; null when none does. */
  readonly waits_from: number | null;
  /** Takes what waits, so many messages at most. */
  take(messages_max: number): readonly RawMessage[];
  /** Lets go of what waits. */
  stop(): Promise<void>;
}

const BATCH_MAX = 128;
const WAITING_MAX = 512;

/** Reads one group's messages behind a position, a few hundred ahead of whoever takes them. */
export function groupReader(options: {
  readonly bus: Bus;
  readonly group: number;
  readonly position: number;
  readonly silence_max_ms: number;
  readonly onReady: () => void;
  readonly onFailure: (error: unknown) => void;
}): GroupReader {
  const { bus, group, silence_max_ms, onReady } = options;
  const stopping = new AbortController();
  let waiting: RawMessage[] = [];
  let room: () => void = () => undefined;
  let last = options.position;
  const read = async (): Promise<void> => {
    const asked = {
      stream: 'DCGM_RAW',
      from: last + 1,
      subjects: [`dcgm.raw.${groupToken(group)}.>`],
      batch_max: BATCH_MAX,
      silence_max_ms,
    };
    for await (const messages of bus.read(asked, stopping.signal)) {
      for (const message of messages) {
        if (message.position <= last) throw anotherStream(message.position, last);
        last = message.position;
        waiting.push(message);
      }
      onReady();
      while (waiting.length >= WAITING_MAX && !stopping.signal.aborted) {
        await new Promise<void>((resolve) => {
          room = resolve;
        });
      }
    }
  };
  const done = read().catch(options.onFailure);
  return {
    get ready() {
      return waiting.length > 0;
    },
    get waits_from() {
      return waiting[0]?.position ?? null;
    },
    take(messages_max) {
      const taken = waiting.slice(0, messages_max);
      waiting = waiting.slice(messages_max);
      room();
      return taken;
    },
    async stop() {
      stopping.abort();
      waiting = [];
      room();
      await done;
    },
  };
}
