import { expect, it } from 'vitest';
import { createFleet } from '../../../bench/fleet/fleet.ts';
import { metricIndex } from '../../contract/metrics.ts';
import { ExpositionParser } from '../exposition-parser.ts';
import { power, rowsOf, START, temp, testReceiver, WAIT_MS } from './receiver.fixture.ts';
import { asSeries, requestV1, type SentSeries } from './request.fixture.ts';

const TEMP = metricIndex('gpu_temp_celsius');
const POWER = metricIndex('power_watts');
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

it('tells what comes after the wait on its own, a millisecond later', () => {
  const { told, take, pass, receiver } = testReceiver();
  take(requestV1([temp(START, 40)]));
  pass(WAIT_MS);
  take(requestV1([power(START, 300)]));
  pass(WAIT_MS);
  expect(told.map(({ scrape, id }) => [scrape.ts, scrape.gpus[0]?.ts, id.split(':').at(-1)])).toEqual([
    [START, START, String(START)],
    [START + 1, START + 1, String(START + 1)],
  ]);
  expect(told[1]?.scrape.gpus[0]?.values[TEMP]).toBeNaN();
  expect(told[1]?.scrape.gpus[0]?.values[POWER]).toBe(300);
  expect(receiver.counters.late_scrapes).toBe(1);
  // From now on both belong together.
  take(requestV1([temp(START + 10_000, 41)]));
  expect(told.length).toBe(2);
  take(requestV1([power(START + 10_000, 301)]));
  expect(told.length).toBe(3);
});

it('waits for a request that was put off, however long that takes', () => {
  const { told, take, pass, receiver } = testReceiver();
  take(requestV1([temp(START, 40), power(START, 300)]));
  pass(WAIT_MS);
  take(requestV1([temp(START + 10_000, 41)]));
  for (let tries = 0; tries < 20; tries++) {
    receiver.putOff('NATS is away');
    pass(WAIT_MS - 1_000);
  }
  expect(told.length).toBe(1);
  take(requestV1([power(START + 10_000, 301)]));
  expect(told.length).toBe(2);
  expect(receiver.counters).toMatchObject({ put_off: 20, late_scrapes: 0 });
});

it('never tells an instant of a node twice, whichever targets it has', () => {
  const { told, take, pass } = testReceiver();
  const other = { job: 'dcgm-profiling', instance: '10.0.0.7:9401' };
  take(requestV1([temp(START, 40), power(START, 300, other)]));
  pass(WAIT_MS);
  expect(told.map(({ scrape }) => scrape.ts)).toEqual([START, START + 1]);
  expect(new Set(told.map(({ id }) => id)).size).toBe(2);
});

it('keeps two senders of one target apart', () => {
  const { told, take, pass } = testReceiver();
  for (const [replica, shift] of [
    ['a', 0],
    ['b', 3_000],
  ] as const) {
    for (const step of [0, 1]) {
      const ts = START + shift + step * 10_000;
      take(requestV1([temp(ts, 40, { prometheus_replica: replica }), power(ts, 300, { prometheus_replica: replica })]));
      pass(step === 0 ? WAIT_MS : 0);
    }
  }
  expect(told.length).toBe(4);
});

it('keeps exporters apart that Prometheus reaches at one address', () => {
  const { told, take, pass } = testReceiver();
  const other = { Hostname: 'node-8', UUID: 'GPU-b' };
  take(requestV1([temp(START, 40), temp(START + 300, 50, other)]));
  pass(WAIT_MS);
  take(requestV1([temp(START + 10_000, 41)]));
  take(requestV1([temp(START + 10_300, 51, other)]));
  expect(told.map(({ scrape }) => [scrape.node, scrape.gpus[0]?.values[TEMP]])).toEqual([
    ['node-7', 40],
    ['node-8', 50],
    ['node-7', 41],
    ['node-8', 51],
  ]);
});

it('tells complete scrapes whatever the order and the number of senders', () => {
  const fleet = createFleet({ gpus: 16, seed: 3, start_ms: START, interval_ms: 10_000, stories: 'none' });
  const { told, take, clock, pass } = testReceiver();
  const expected: unknown[] = [];
  let state = 5;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % below;
  };
  for (let scrape = 0; scrape < 4; scrape++) {
    const ts = START + scrape * 10_000;
    clock.set(ts);
    const shards: SentSeries[][] = [[], [], [], [], []];
    for (const node of fleet.node_names) {
      const page = fleet.exposition(node, ts, { timestamps: false }) as string;
      const [rows] = new ExpositionParser().parse(encode(page), { fallback_node: node, ts });
      expected.push(rowsOf(rows));
      asSeries(page, ts, { job: 'dcgm', instance: `${node}:9400` }).forEach((one, i) => {
        shards[i % 5]?.push(one);
      });
    }
    while (shards.some((shard) => shard.length > 0)) {
      const shard = shards[random(5)] as SentSeries[];
      take(requestV1(shard.splice(0, 1 + random(60))));
    }
    if (scrape === 0) pass(WAIT_MS);
  }
  const byWhen = (rows: unknown): string => {
    const [first] = rows as { uuid: string; ts: number }[];
    return `${first?.ts} ${first?.uuid}`;
  };
  const sort = (rows: unknown[]): unknown[] => rows.sort((a, b) => (byWhen(a) < byWhen(b) ? -1 : 1));
  const byGpu = (rows: unknown): unknown =>
    (rows as { uuid: string; instance: string }[]).toSorted((a, b) =>
      a.uuid + a.instance < b.uuid + b.instance ? -1 : 1,
    );
  expect(sort(told.map(({ scrape }) => byGpu(rowsOf(scrape))))).toEqual(sort(expected.map(byGpu)));
});
