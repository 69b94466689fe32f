import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { GroupStates } from '../../operators/core/group-state.ts';
import { startLive } from '../../server/start-live.ts';
import { framesSink } from '../../sinks/live/frames-sink.ts';
import { testBus, until } from '../bus/bus.fixture.ts';
import { ensureStreams } from '../bus/ensure-streams.ts';
import { systemClock } from '../clock.ts';
import { exporter } from '../collect/collector.fixture.ts';
import { startCollector } from '../collect/collector.ts';
import { ExpositionParser } from '../collect/exposition-parser.ts';
import { listen } from '../collect/scraper.fixture.ts';
import type { Batch } from '../contract/batch.ts';
import type { Bus } from '../contract/bus.ts';
import type { Sink } from '../contract/ports.ts';
import { SampleLatency } from '../contract/sample-latency.ts';
import { minutes } from '../contract/time.ts';
import { type Engine, startEngine } from '../engine.ts';
import { tracingOf } from '../roles/engine-tracing.ts';
import { runInOneThread } from '../running-topology.ts';
import { shardsInOneThread } from '../shards/shards.fixture.ts';
import { SnapshotFiles } from '../snapshot-files.ts';
import { defaultTopology, type SinkItems } from '../topology.ts';
import { measuredSamples } from './measured-samples.ts';
import { openSpans, type RunningSpans } from './open-spans.ts';
import { otlpCollector, type ReceivedSpan, withEnvironment } from './otlp-collector.fixture.ts';

let services: TestServices;
let folder: string;
let collector: Awaited<ReturnType<typeof otlpCollector>>;
let undo: () => void;
const clock = systemClock;
const STORING_MS = 20;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gpu-vitals-trace-'));
  collector = await otlpCollector();
  undo = withEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER: 'parentbased_always_on' });
  services = await startTestServices({ nats: true });
});
afterAll(async () => {
  undo();
  await services?.stop();
  await collector?.close();
  rmSync(folder, { recursive: true, force: true });
});

const spansOf = async (part: string): Promise<RunningSpans> => {
  const spans = await openSpans({ part, version: '0', env: process.env, tell: () => undefined });
  if (spans === null) throw new Error('traces are off');
  return spans;
};

/** Takes everything, and says so a moment later, as a database does. */
function slowStore(onStored: (ts: Float64Array) => void): Sink<Batch> {
  let all: Promise<unknown> = Promise.resolve();
  return {
    write({ ts, rows }) {
      const taken = ts.slice(0, rows).sort();
      all = new Promise<void>((resolve) => setTimeout(resolve, STORING_MS)).then(() => onStored(taken));
    },
    flush: async () => undefined,
    pressure: () => null,
    close: async () => void (await all),
  };
}

async function engineOn(
  bus: Bus,
  threads: number,
  spans: RunningSpans,
): Promise<{ engine: Engine; latency: SampleLatency }> {
  const latency = new SampleLatency();
  const tracing = tracingOf(spans, 'w0', clock);
  const sinks = {
    gpu_metrics: measuredSamples(slowStore, { latency, clock, tracing }),
    live: framesSink(bus, { worker: 'w0', traces: tracing?.traces ?? null }),
  };
  const states = new GroupStates();
  const files = new SnapshotFiles(join(folder, `snapshots-${threads}`), () => undefined);
  const topology = defaultTopology();
  const traces = tracing?.traces ?? null;
  const running =
    threads === 1
      ? runInOneThread<SinkItems>({ topology, states, sinks, files, clock, traces })
      : shardsInOneThread<SinkItems>({
          topology: defaultTopology,
          states,
          files,
          sinks: {},
          shard_sinks: Array.from({ length: threads }, () => sinks),
          future_max: minutes(5),
          clock,
          traces,
        }).running;
  const engine = await startEngine({
    bus,
    topology,
    running,
    states,
    worker: 'w0',
    files,
    snapshot_interval: minutes(1),
    clock,
    report: () => undefined,
    traced: true,
  });
  return { engine, latency };
}

it.each([1, 2])('a scrape is one trace from the exporter to the socket (%i engine threads)', async (threads) => {
  collector.spans.length = 0;
  const node = `node-${threads}`;
  const target = exporter(node);
  const server = await listen(target.listener);
  const { bus } = await testBus(services.nats_url);
  await ensureStreams(bus);
  const spans = { collector: await spansOf('collector'), engine: await spansOf('engine'), live: await spansOf('live') };
  const live = await startLive({ bus, database: null, clock, host: '127.0.0.1', port: 0, spans: spans.live });
  const socket = new WebSocket(live.url, 'gpu-vitals.v1');
  let deltas = 0;
  socket.on('message', (data) => {
    if (String(data).includes('"delta"')) deltas++;
  });
  await new Promise((resolve) => socket.once('open', resolve));
  socket.send(JSON.stringify({ op: 'subscribe', topic: `node/${node}` }));
  const { engine, latency } = await engineOn(bus, threads, spans.engine);
  const scraping = startCollector({
    clock,
    publisher: bus.publisher(),
    create_parser: () => new ExpositionParser(),
    spool_directory: join(folder, `spool-${threads}`),
    targets: server.address,
    interval_ms: 200,
    spans: spans.collector,
  });
  const stored = (): number =>
    latency
      .told()
      .find(({ labels }) => labels.stage === 'stored')
      ?.histogram.counts.reduce((a, b) => a + b) ?? 0;
  await until(() => deltas >= 3 && stored() >= 6);
  await scraping.stop();
  await engine.stop();
  socket.terminate();
  await live.close();
  for (const one of Object.values(spans)) await one.stop();
  await bus.close();

  const whole = [...byTrace(collector.spans).values()].filter((trace) =>
    trace.some(({ name }) => name === 'push live'),
  );
  expect(whole.length).toBeGreaterThanOrEqual(3);
  for (const trace of whole) {
    const named = new Map(trace.map((span) => [span.name, span]));
    const chain = [
      'scrape',
      'publish',
      'process',
      'step decode',
      'step validate',
      'step enrich',
      'step live',
      'push live',
    ];
    const found = chain.map((name) => named.get(name));
    expect(found.map((span) => span?.name)).toEqual(chain);
    // Each is below the one before, and begins after it.
    for (let i = 1; i < found.length; i++) {
      expect(found[i]?.parent_id).toBe(found[i - 1]?.span_id);
      expect(found[i]?.start_ms).toBeGreaterThanOrEqual((found[i - 1]?.start_ms ?? Number.NaN) - CLOCKS_APART_MS);
    }
    expect(found[0]?.parent_id).toBe('');
    expect(found.map((span) => span?.part)).toEqual([
      ...Array(2).fill('collector'),
      ...Array(5).fill('engine'),
      'live',
    ]);
    const store = named.get('store gpu_metrics');
    expect(store).toMatchObject({ parent_id: named.get('step gpu_metrics')?.span_id, failed: false });
    expect((store?.end_ms ?? 0) - (store?.start_ms ?? 0)).toBeGreaterThanOrEqual(STORING_MS - 5);
    expect(named.get('push live')?.attributes).toMatchObject({ 'gpu_vitals.topic': 'node', 'gpu_vitals.listeners': 1 });
    expect(named.get('publish')?.attributes).toMatchObject({ 'gpu_vitals.safety': 'stored' });
    expect(named.get('process')?.attributes).toMatchObject({ 'gpu_vitals.worker': 'w0' });
  }
  const stages = latency
    .told()
    .map(({ labels }) => labels.stage)
    .sort();
  expect(stages).toEqual(['arrived', 'processed', 'stored']);
});

/** Threads of one process read their clocks to the same fraction of a millisecond. */
const CLOCKS_APART_MS = 0.5;

function byTrace(spans: readonly ReceivedSpan[]): Map<string, ReceivedSpan[]> {
  const traces = new Map<string, ReceivedSpan[]>();
  for (const span of spans) {
    const trace = traces.get(span.trace_id);
    if (trace === undefined) traces.set(span.trace_id, [span]);
    else trace.push(span);
  }
  return traces;
}
