import { expect, vi } from 'vitest';
import { WebSocket } from 'ws';
import { systemClock } from '../pipeline/clock.ts';
import type { MetricName } from '../pipeline/contract/metrics.ts';
import { batchOf } from '../sinks/live/fleet.fixture.ts';
import { framesSink } from '../sinks/live/frames-sink.ts';
import { memoryBus } from '../sinks/live/memory-bus.fixture.ts';
import { type LiveMessage, liveMessageSchema } from './schemas-fleet.ts';
import { type LiveServerOptions, type RunningLive, startLive } from './start-live.ts';

const endings: (() => Promise<void> | void)[] = [];

/** Ends everything that the test began: `afterEach(endAll)`. */
export async function endAll(): Promise<void> {
  for (const end of endings.splice(0).reverse()) await end();
}

/** A live server fed through a memory bus. */
export async function world(library: 'uws' | 'ws', options: Partial<LiveServerOptions> = {}) {
  const bus = memoryBus();
  const live = await startLive({
    bus,
    database: null,
    clock: systemClock,
    host: '127.0.0.1',
    port: 0,
    library,
    ...options,
  });
  endings.push(() => live.close());
  const sink = framesSink(bus, { worker: 'w1' });
  let ts = 1_767_225_600_000;
  return {
    bus,
    live,
    sample(uuid: string, values: Partial<Record<MetricName, number>> = { power_watts: 300 }, node = 'n1', at?: number) {
      ts += 1_000;
      sink.write(batchOf([{ uuid, node, ts: at ?? ts, values }]));
    },
  };
}

type Message = LiveMessage & { seq: number };

/** A client that checks every message against the schema and hands them out in order. */
export async function client(live: RunningLive) {
  const socket = new WebSocket(live.url, 'gpu-vitals.v1');
  const messages: Message[] = [];
  let close: { code: number } | null = null;
  socket.on('message', (data) => {
    const parsed = JSON.parse(data.toString()) as Message;
    liveMessageSchema.parse(parsed);
    messages.push(parsed);
  });
  socket.on('close', (code) => {
    close = { code };
  });
  endings.push(() => socket.terminate());
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const next = async (matching: (message: Message) => boolean = () => true): Promise<Message> => {
    const found = await vi.waitFor(() => {
      const at = messages.findIndex(matching);
      if (at < 0) throw new Error(`not among ${messages.length} messages`);
      return at;
    }, 5_000);
    return messages.splice(0, found + 1).at(-1) as Message;
  };
  return {
    socket,
    messages,
    next,
    closed: () => vi.waitFor(() => expect(close).not.toBeNull(), 5_000).then(() => close as { code: number } | null),
    say: (message: unknown) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
  };
}

export const delta = (message: Message): boolean => message.type === 'delta';
