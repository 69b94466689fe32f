import { describe, expect, it } from 'vitest';
import { createFleet } from '../../../bench/fleet/fleet.ts';
import { metricIndex } from '../../contract/metrics.ts';
import { ExpositionParser } from '../exposition-parser.ts';
import { OWN, power, rowsOf, START, series, temp, testReceiver, WAIT_MS } from './receiver.fixture.ts';
import { asSeries, requestV1, requestV2, type SentSeries, STALE, snappy } from './request.fixture.ts';

const TEMP = metricIndex('gpu_temp_celsius');
const POWER = metricIndex('power_watts');
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Both versions, with what their requests are made by. */
const VERSIONS = [
  [1, requestV1],
  [2, requestV2],
] as const;

describe.each(VERSIONS)('remote write %d', (version, request) => {
  it('makes the same rows of every dialect as the text does', () => {
    const fleet = createFleet({ gpus: 96, seed: 7, start_ms: START, interval_ms: 10_000, stories: 'default' });
    const { told, take, clock, pass } = testReceiver();
    const parsers = new Map<string, ExpositionParser>();
    for (let scrape = 0; scrape < 3; scrape++) {
      const ts = START + scrape * 10_000;
      clock.set(ts);
      for (const node of fleet.node_names) {
        const page = fleet.exposition(node, ts, { timestamps: false });
        if (page === null) continue;
        const parser = parsers.get(node) ?? new ExpositionParser();
        parsers.set(node, parser);
        const expected = parser.parse(encode(page), { fallback_node: node, ts });
        told.length = 0;
        take(request(asSeries(page, ts, { job: 'dcgm', instance: `${node}:9400` })), version);
        if (scrape === 0) pass(WAIT_MS);
        expect(told.map((one) => rowsOf(one.scrape))).toEqual(expected.map(rowsOf));
        expect(told[0]?.scrape.blanks).toBe(expected[0]?.blanks);
        const reasons = (all: readonly { reason: string }[] = []): string[] => all.map((one) => one.reason).sort();
        expect(reasons(told[0]?.scrape.refusals)).toEqual(reasons(expected[0]?.refusals));
      }
    }
  });

  it('puts a scrape together again that came in several requests', () => {
    const { told, take, pass } = testReceiver();
    take(request([temp(START, 40), power(START, 300)]), version);
    expect(told).toEqual([]);
    pass(WAIT_MS);
    expect(told.length).toBe(1);
    // From the second scrape on nothing is waited for: it is known what belongs to it.
    take(request([temp(START + 10_000, 41)]), version);
    expect(told.length).toBe(1);
    take(request([power(START + 10_000, 301)]), version);
    expect(told.length).toBe(2);
    const row = told[1]?.scrape.gpus[0];
    expect([row?.ts, row?.values[TEMP], row?.values[POWER]]).toEqual([START + 10_000, 41, 301]);
  });

  it('tells what was sent for several instants in their order', () => {
    const { told, take, pass } = testReceiver();
    const steps = [0, 1, 2, 3].map((step) => START + step * 10_000);
    take(
      request([
        series(
          'DCGM_FI_DEV_GPU_TEMP',
          steps.map((ts, i) => [ts, 40 + i] as const),
        ),
      ]),
      version,
    );
    take(
      request([
        series(
          'DCGM_FI_DEV_POWER_USAGE',
          steps.map((ts, i) => [ts, 300 + i] as const),
        ),
      ]),
      version,
    );
    pass(WAIT_MS);
    expect(told.map(({ scrape }) => [scrape.ts, scrape.gpus[0]?.values[TEMP], scrape.gpus[0]?.values[POWER]])).toEqual(
      steps.map((ts, i) => [ts, 40 + i, 300 + i]),
    );
  });

  it('takes a request once', () => {
    const { told, take, pass, receiver } = testReceiver();
    const body = request([temp(START, 40), power(START, 300)]);
    take(body, version);
    pass(WAIT_MS);
    expect(take(body, version).samples).toBe(2);
    pass(WAIT_MS);
    expect(told.length).toBe(1);
    expect(receiver.counters).toMatchObject({ samples: 4, repeated_samples: 2, scrapes: 1, waiting_samples: 0 });
  });

  it('ignores what other jobs send', () => {
    const { told, take, pass, receiver } = testReceiver();
    const other = (name: string): SentSeries => ({ labels: { __name__: name, ...OWN }, samples: [[START, 1]] });
    const outcome = take(request([other('up'), temp(START, 40), other('node_load1'), other('up')]), version);
    expect(outcome).toMatchObject({ samples: 4, invalid: 0 });
    pass(WAIT_MS);
    expect(told.length).toBe(1);
    expect(receiver.counters).toMatchObject({ samples: 4, other_samples: 3, series: 1, targets: 1 });
  });

  it('refuses samples that nobody can place, and takes the rest', () => {
    const { told, take, pass } = testReceiver();
    const outcome = take(
      request([
        { labels: { UUID: 'GPU-a', Hostname: 'node-7' }, samples: [[START, 1]] },
        { labels: { __name__: 'DCGM_FI_DEV_GPU_TEMP', UUID: 'GPU-a' }, samples: [[START, 1]] },
        series('DCGM_FI_DEV_SM_CLOCK', [[0, 5]]),
        series('DCGM_FI_DEV_SM_CLOCK', [[-5, 5]]),
        series('DCGM_FI_DEV_SM_CLOCK', [[START + 86_400_000, 5]]),
        temp(START, 40),
      ]),
      version,
    );
    expect(outcome).toMatchObject({ samples: 1, invalid: 5, fault: 'a series has no __name__' });
    pass(WAIT_MS);
    expect(told.map(({ scrape }) => scrape.gpus[0]?.values[TEMP])).toEqual([40]);
  });

  it('counts native histograms and exemplars', () => {
    const { take } = testReceiver();
    const outcome = take(request([{ ...temp(START, 40), histograms: 2, exemplars: 3 }]), version);
    expect(outcome).toMatchObject({ samples: 1, histograms: 2, exemplars: 3 });
  });

  it('does not wait for a series that has ended', () => {
    const { told, take, pass } = testReceiver();
    take(request([temp(START, 40), power(START, 300)]), version);
    pass(WAIT_MS);
    const ts = START + 10_000;
    take(request([temp(ts, 41), power(ts, STALE)]), version);
    expect(told.length).toBe(2);
    expect([told[1]?.scrape.gpus[0]?.values[TEMP], told[1]?.scrape.gpus[0]?.values[POWER]]).toEqual([41, Number.NaN]);
    expect(told[1]?.scrape.refusals).toEqual([]);
    take(request([temp(ts + 10_000, 42)]), version);
    expect(told.length).toBe(3);
  });

  it('says nothing where a whole target has ended', () => {
    const { told, take, pass } = testReceiver();
    take(request([temp(START, 40)]), version);
    pass(WAIT_MS);
    take(request([temp(START + 10_000, STALE)]), version);
    pass(WAIT_MS);
    expect(told.length).toBe(1);
  });
});

it('knows a series again that comes in the other version', () => {
  const { told, take, pass, receiver } = testReceiver();
  take(requestV1([temp(START, 40), power(START, 300)]));
  pass(WAIT_MS);
  take(requestV2([temp(START + 10_000, 41), power(START + 10_000, 301)]), 2);
  take(requestV1([temp(START + 20_000, 42), power(START + 20_000, 302)]));
  expect(told.map(({ scrape }) => scrape.gpus[0]?.values[TEMP])).toEqual([40, 41, 42]);
  expect(receiver.counters.series).toBe(2);
});

it('takes the labels that a Prometheus renames', () => {
  const { told, take, pass } = testReceiver();
  const page =
    'DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="GPU-a",Hostname="node-7",namespace="research",pod="train-0",container="main"} 40';
  take(
    requestV1(
      asSeries(page, START, { ...OWN, namespace: 'gpu-operator', pod: 'dcgm-exporter-x', container: 'dcgm-exporter' }),
    ),
  );
  pass(WAIT_MS);
  expect(told[0]?.scrape.gpus[0]?.attribution).toEqual([
    { namespace: 'research', pod: 'train-0', container: 'main', job: '' },
  ]);
});

it.each([
  [{ Hostname: '' }, '10.0.0.7'],
  [{ Hostname: '', instance: '[fd00::7]:9400' }, 'fd00::7'],
  [{ Hostname: '', instance: 'node-9' }, 'node-9'],
  [{}, 'node-7'],
])('names the node of %j %s', (labels, node) => {
  const { told, take, pass } = testReceiver();
  const { labels: all, samples } = temp(START, 40, labels);
  take(requestV1([{ labels: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '')), samples }]));
  pass(WAIT_MS);
  expect(told[0]?.scrape.node).toBe(node);
});

it('refuses values as the text does, with a line that can be sent again', () => {
  const { told, take, pass } = testReceiver();
  take(requestV1([temp(START, 400), power(START, Number.NaN, { modelName: 'H"100\\' })]));
  pass(WAIT_MS);
  const refusals = told[0]?.scrape.refusals ?? [];
  expect(refusals.map(({ reason }) => reason)).toEqual(['out_of_range', 'not_a_number']);
  const lines = refusals.map(({ original }) => original).join('\n');
  const again = new ExpositionParser().parse(encode(lines), { fallback_node: '', ts: START });
  expect(again[0]?.refusals.map(({ reason }) => reason)).toEqual(['out_of_range', 'not_a_number']);
  expect(again[0]?.node).toBe('node-7');
});

it('puts requests off while too much waits', () => {
  const { told, take, pass, receiver } = testReceiver({ waiting_max: 1 });
  take(requestV1([temp(START, 40), power(START, 300)]));
  const next = requestV1([temp(START + 10_000, 41)]);
  for (let waited = 0; waited < WAIT_MS; waited += 1_000) {
    expect(receiver.take(next, 1)).toMatchObject({ kind: 'put_off' });
    pass(1_000);
  }
  expect(receiver.take(next, 1)).toMatchObject({ kind: 'taken' });
  pass(WAIT_MS);
  expect(told.length).toBe(2);
});

it('takes nothing of a request that could not be noted', () => {
  let broken = true;
  const { told, take, pass, receiver } = testReceiver({
    onTaking: () => {
      if (broken) throw new Error('no space left');
    },
  });
  const body = requestV1([temp(START, 40)]);
  expect(receiver.take(body, 1)).toEqual({ kind: 'put_off', detail: 'no space left' });
  broken = false;
  take(body);
  pass(WAIT_MS);
  expect(told.length).toBe(1);
});

it('forgets series that are silent for long, and knows them anew', () => {
  const { told, take, pass, receiver } = testReceiver();
  take(requestV1([temp(START, 40)]));
  pass(WAIT_MS);
  const later = START + 3_600_000;
  pass(3_600_000);
  take(requestV1([temp(later, 41, { UUID: 'GPU-b', Hostname: 'node-8', instance: 'node-8:9400' })]));
  expect(receiver.counters).toMatchObject({ series: 1, targets: 1 });
  take(requestV1([temp(later, 42), power(later, 300)]));
  pass(WAIT_MS);
  expect(told.map(({ scrape }) => [scrape.node, scrape.gpus[0]?.values[TEMP]])).toEqual([
    ['node-7', 40],
    ['node-8', 41],
    ['node-7', 42],
  ]);
});

it('answers a request without samples', () => {
  const { take } = testReceiver();
  expect(take(snappy([]))).toMatchObject({ samples: 0, invalid: 0 });
});
