import { systemClock } from '../clock.ts';
import type { Bus, ReadOptions } from '../contract/bus.ts';
import type { RawMessage } from '../contract/message.ts';
import { connectBus } from './connect-bus.ts';
import { ensureStreams } from './ensure-streams.ts';
import type { BusEvent } from './link.ts';
import { managerOf } from './stream-manager.ts';

export interface TestBus {
  readonly bus: Bus;
  readonly events: BusEvent[];
}

/** A bus that writes down its events. */
export async function testBus(servers: string): Promise<TestBus> {
  const events: BusEvent[] = [];
  const bus = await connectBus({ servers, name: 'test', clock: systemClock, onEvent: (event) => events.push(event) });
  return { bus, events };
}

/** Reads until the condition holds after a batch. */
export async function readUntil(
  bus: Bus,
  options: ReadOptions,
  enough: (messages: readonly RawMessage[]) => boolean,
): Promise<RawMessage[]> {
  const all: RawMessage[] = [];
  for await (const batch of bus.read(options, new AbortController().signal)) {
    all.push(...batch);
    if (enough(all)) break;
  }
  return all;
}

/** Waits for a condition, asking every few milliseconds. */
export async function until(condition: () => boolean | Promise<boolean>, limitMs = 30_000): Promise<void> {
  const end = systemClock.monotonic() + limitMs;
  while (!(await condition())) {
    if (systemClock.monotonic() > end) throw new Error(`not within ${limitMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A message body that carries a number behind the mark of the binary format. */
export function numbered(value: number, bytes = 64): Uint8Array {
  const data = Buffer.alloc(bytes);
  data.write('GPVS');
  data.writeUInt32LE(value, 4);
  return data;
}

export const numberOf = (message: { readonly data: Uint8Array }): number =>
  Buffer.from(message.data.buffer, message.data.byteOffset, message.data.byteLength).readUInt32LE(4);

/** Waits until a figure has not changed for a hundred looks in a row. */
export async function settled(figure: () => number): Promise<void> {
  let last = figure();
  let same = 0;
  await until(() => {
    const now = figure();
    same = now === last ? same + 1 : 0;
    last = now;
    return same >= 100;
  });
}

/**
 * The streams as new, positions from 1. A server under load can fail to remove a folder into which it still writes, and find
 * the messages again in the next stream of that name; then once more.
 */
export async function freshStreams(bus: Bus): Promise<void> {
  const jsm = await managerOf(bus);
  await until(async () => {
    for (const stream of ['DCGM_RAW', 'DCGM_INVALID']) await jsm.streams.delete(stream).catch(() => false);
    await ensureStreams(bus);
    const states = await Promise.all(['DCGM_RAW', 'DCGM_INVALID'].map((stream) => bus.streamState(stream)));
    return states.every((state) => state.last_position === 0);
  });
}

/** The numbers [from, to). */
export const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** Stores numbered messages with ids, in one window after the other. */
export async function publishNumbers(bus: Bus, from: number, to: number, subject = 'dcgm.raw.01.node'): Promise<void> {
  const publisher = bus.publisher();
  const acks: Promise<unknown>[] = [];
  for (let i = from; i < to; i++) {
    acks.push(publisher.publish({ subject, data: numbered(i), headers: { 'Nats-Msg-Id': `${subject}:${i}` } }));
  }
  await Promise.all(acks);
  await publisher.close();
}
