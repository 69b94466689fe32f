import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import type { Bus } from '../contract/bus.ts';
import type { DeadLetter } from '../contract/events.ts';
import { freshStreams, testBus } from './bus.fixture.ts';
import { countDeadLetters, type DeadLetterQuery, newestDeadLetters } from './dead-letter-pages.ts';
import { deadLetterSink } from './dead-letter-sink.ts';
import { listDeadLetters, showDeadLetter } from './dead-letters.ts';

const TS = 1_767_225_600_000;
const COUNT = 2_600;

let services: TestServices;
let bus: Bus;

const letter = (i: number): DeadLetter => ({
  ts: TS + i,
  node: i === 3 ? 'rack 1.node*2' : `node-${i % 2}`,
  level: 'row',
  reason: i % 5 === 0 ? 'no_time' : 'out_of_range',
  code: i % 5 === 0 ? 'GV-VAL-004' : 'GV-VAL-001',
  step: 'validate',
  detail: `letter ${i}`,
  original: `{"i":${i}}`,
});

beforeAll(async () => {
  services = await startTestServices({ nats: true });
  bus = (await testBus(services.nats_url)).bus;
  expect(await newestDeadLetters(bus, {}, { limit: 10 })).toEqual({ items: [], next: null });
  expect(await countDeadLetters(bus, {})).toEqual(new Map());
  await freshStreams(bus);
  expect(await newestDeadLetters(bus, { from: TS }, { limit: 10 })).toEqual({ items: [], next: null });
  const sink = deadLetterSink(bus);
  for (let i = 1; i <= COUNT; i++) {
    sink.write(letter(i));
    await sink.pressure();
  }
  await sink.flush();
  await sink.close();
});
afterAll(async () => {
  await bus?.close();
  await services?.stop();
});

async function everyPage(query: DeadLetterQuery, limit: number): Promise<number[]> {
  const seen: number[] = [];
  let below: number | undefined;
  for (;;) {
    const { items, next } = await newestDeadLetters(bus, query, { limit, below });
    expect(items.length).toBeLessThanOrEqual(limit);
    seen.push(...items.map(({ position }) => position));
    if (next === null) return seen;
    below = next;
  }
}

it('pages from the newest on, and tells the size without the original', async () => {
  const { items, next } = await newestDeadLetters(bus, {}, { limit: 2 });
  const whole = await showDeadLetter(bus, COUNT);
  const { original, ...head } = whole;
  expect(items[0]).toEqual(head);
  expect([items[0]?.size_bytes, next]).toEqual([original?.length, COUNT - 1]);
  expect(await everyPage({}, 1_000)).toEqual(Array.from({ length: COUNT }, (_, i) => COUNT - i));
});

it.each<DeadLetterQuery>([
  { reason: 'no_time' },
  { node: 'node-1' },
  { node: 'rack 1.node*2' },
  { node: 'rack_1_node_2' },
  { reason: 'no_time', node: 'node-0' },
  { reason: 'late' },
])('finds for %j what reading everything finds', async (query) => {
  const expected: number[] = [];
  const { reason, node } = query;
  for await (const { position } of listDeadLetters(bus, { ...(reason && { reason }), ...(node && { node }) })) {
    expected.push(position);
  }
  expect(await everyPage(query, 300)).toEqual(expected.reverse());
  if (node !== 'rack_1_node_2') {
    const counted = await countDeadLetters(bus, query);
    expect([...counted.values()].reduce((sum, one) => sum + one, 0)).toBe(expected.length);
  }
});

it('finds what was refused within a time', async () => {
  const arrivals = new Map<number, number>();
  for await (const { position, arrived_at } of listDeadLetters(bus)) arrivals.set(position, arrived_at);
  const instants = [1, 700, 1_300, COUNT].map((position) => arrivals.get(position) as number);
  for (const from of [undefined, ...instants]) {
    for (const to of [undefined, ...instants, (instants.at(-1) as number) + 1]) {
      const expected = [...arrivals].filter(
        ([, at]) => (from === undefined || at >= from) && (to === undefined || at < to),
      );
      expect(await everyPage({ from, to }, 1_000)).toEqual(expected.map(([position]) => position).reverse());
      const counted = await countDeadLetters(bus, { from, to });
      expect([...counted.values()].reduce((sum, one) => sum + one, 0)).toBe(expected.length);
    }
  }
  expect(await countDeadLetters(bus, {})).toEqual(
    new Map([
      ['no_time', COUNT / 5],
      ['out_of_range', COUNT - COUNT / 5],
    ]),
  );
});
