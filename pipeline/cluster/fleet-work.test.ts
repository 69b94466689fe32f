import { expect, it, onTestFinished, vi } from 'vitest';
import type { PickedLog, PickedMessage } from '../bus/picked-log.ts';
import { settableClock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import type { RawMessage } from '../contract/message.ts';
import { FleetWork } from './fleet-work.ts';
import { encodePart, type PickedPart } from './picked-parts.ts';

const PLACE = { data: new Uint8Array(0), content_type: 'text/plain', arrived_at: 0, event_time: 0 } as const;
const ours = (position: number, group = '00'): RawMessage => ({
  ...PLACE,
  position,
  subject: `dcgm.raw.${group}.node-1`,
});
const stray = (position: number): RawMessage => ({ ...PLACE, position, subject: 'dcgm.raw.elsewhere.node-1' });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Gives one after the other, then waits for the end; counts what was taken. */
function source<T>(list: readonly T[]) {
  let taken = 0;
  return {
    taken: () => taken,
    async *read(signal: AbortSignal): AsyncGenerator<T> {
      for (const item of list) {
        if (signal.aborted) return;
        taken++;
        yield item;
      }
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  };
}

/** What a group tells of positions in (from, to], an entry each. */
function part(group: number, from: number, to: number, positions: readonly number[] = []): PickedPart {
  const entries = positions.map((position) => ({ position, step: 'x', input: '', kept: { ts: position, node: 'n' } }));
  return { group, epoch: 1, stream: 's', from, to, times: [], entries, piece: 0, pieces: 1 };
}

/** The work of a fleet that reads these messages, and of PICKED these parts. */
function begin(batches: readonly (readonly RawMessage[])[], parts: PickedPart[], held_max = 1_000) {
  const messages = source(batches);
  const relayed: { readonly positions: readonly number[]; readonly done: () => void; readonly signal: AbortSignal }[] =
    [];
  const read_from: number[] = [];
  let more: () => void = () => undefined;
  const errors: string[] = [];
  async function* read(from: number, signal: AbortSignal): AsyncGenerator<readonly PickedMessage[]> {
    read_from.push(from);
    signal.addEventListener('abort', () => more());
    for (let at = from; !signal.aborted; ) {
      const next = parts[at - 1];
      if (next !== undefined) yield [{ position: at++, data: encodePart(next, 10_000)[0] as Uint8Array }];
      else {
        await new Promise<void>((resolve) => {
          more = resolve;
        });
      }
    }
  }
  const work = new FleetWork<object>({
    owned: { unit: 64, epoch: 1 } as never,
    bus: { read: (_: unknown, signal: AbortSignal) => messages.read(signal) } as unknown as Bus,
    log: { read } as unknown as PickedLog,
    topology: { nodes: [] },
    sinks: {},
    state: null,
    stream: 's',
    read_from: 1,
    strays: {
      relay: (positions, signal) =>
        positions.length === 0
          ? Promise.resolve()
          : new Promise((done) => {
              relayed.push({ positions, done, signal });
            }),
    },
    silence_max_ms: 1_000,
    held_max,
    clock: settableClock(0),
    tell: (error) => errors.push(error.message),
  });
  onTestFinished(() => work.stop());
  return {
    work,
    relayed,
    read_from,
    errors,
    taken: messages.taken,
    say(next: PickedPart) {
      parts.push(next);
      more();
    },
  };
}

it('lets nothing behind a stray pass before that is handed on, and reads no further', async () => {
  const { work, relayed, taken } = begin(
    [[ours(1)], [ours(2), stray(3), ours(4)], [ours(5), stray(6)], [ours(7)]],
    [part(0, 0, 9)],
  );
  await vi.waitFor(() => expect(relayed).toHaveLength(1));
  expect(relayed[0]?.positions).toEqual([3]);
  for (let turns = 0; turns < 10; turns++) await turn();
  expect([work.position, work.save().saved.position, taken()]).toEqual([1, 1, 2]);
  relayed[0]?.done();
  await vi.waitFor(() => expect(relayed).toHaveLength(2));
  for (let turns = 0; turns < 10; turns++) await turn();
  expect([work.position, taken()]).toEqual([4, 3]);
  relayed[1]?.done();
  await vi.waitFor(() => expect(work.position).toBe(7));
});

it('counts no stray as handed on that it was stopped at', async () => {
  const { work, relayed } = begin([[stray(1), ours(2)]], [part(0, 0, 9)]);
  await vi.waitFor(() => expect(relayed).toHaveLength(1));
  await work.stop();
  expect(relayed[0]?.signal.aborted).toBe(true);
  relayed[0]?.done();
  for (let turns = 0; turns < 10; turns++) await turn();
  expect(work.save().saved.position).toBe(0);
});

it('holds no more than it may of what is told ahead of a group that is silent, and reads that again', async () => {
  const rest = Array.from({ length: 20 }, (_, n) => n + 2);
  const ahead = rest.map((position, n) => part(0, n === 0 ? 0 : position - 1, position, [position]));
  const batch = [ours(1, '01'), ...rest.map((position) => ours(position))];
  const { work, read_from, errors, say } = begin([batch], ahead, 5);
  for (let turns = 0; turns < 50; turns++) await turn();
  expect([work.position, work.save().read_from, read_from]).toEqual([0, 1, [1]]);
  say(part(1, 0, 1, [1]));
  await vi.waitFor(() => expect(work.position).toBe(21));
  expect(read_from).toEqual([1, 6]);
  expect(errors).toEqual([]);
  await vi.waitFor(() => expect(work.save().read_from).toBe(22));
});
