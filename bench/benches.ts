import type { ServiceName } from '../deploy/services/report.ts';
import { connectBus } from '../pipeline/bus/connect-bus.ts';
import { ensureStreams } from '../pipeline/bus/ensure-streams.ts';
import { systemClock } from '../pipeline/clock.ts';
import { seconds } from '../pipeline/contract/time.ts';
import { connectDatabase } from '../sinks/questdb/connect-database.ts';
import type { Bench } from './bench.ts';
import { benchBus } from './bus.ts';
import { processCpu } from './chain-run.ts';
import { benchCollector } from './collector.ts';
import { benchEndToEnd, END_TO_END_DEFAULTS } from './end-to-end.ts';
import { benchEngine, ENGINE_BENCH_DEFAULTS } from './engine.ts';
import { benchEngineThreads } from './engine-threads.ts';
import { benchFrames } from './frames.ts';
import { GRAFANA_BENCH } from './grafana/grafana-bench.ts';
import { benchIsolationForest } from './isolation-forest.ts';
import { benchLatency, LATENCY_DEFAULTS } from './latency.ts';
import { LIVE_BENCH } from './live/live-benches.ts';
import { MODEL_BENCHES } from './model-benches.ts';
import { benchParser } from './parser.ts';
import { benchQuestdb } from './questdb.ts';
import { benchRemoteWrite } from './remote-write.ts';
import { type BenchServices, startBenchServices } from './start-bench-services.ts';
import { TRUST_BENCHES } from './trust-benches.ts';

export const BENCHES: readonly Bench[] = [
  {
    name: 'parser',
    summary: 'exposition text to normalised scrapes, one core',
    async run({ quick }) {
      const figures = await benchParser({ seconds: quick ? 0.01 : 5 });
      return [
        { name: 'steady', value: figures.samples_per_second, unit: 'samples/s', at_least: 1_500_000 },
        { name: 'one pod changing', value: figures.churning_samples_per_second, unit: 'samples/s' },
        { name: 'lines shuffled', value: figures.shuffled_samples_per_second, unit: 'samples/s' },
        { name: 'a time on every line', value: figures.stamped_samples_per_second, unit: 'samples/s' },
        { name: '1,024 targets in turns', value: figures.many_targets_samples_per_second, unit: 'samples/s' },
        { name: 'never seen before', value: figures.first_samples_per_second, unit: 'samples/s' },
      ];
    },
  },
  {
    name: 'collector',
    summary: 'pages of 8 GPUs over HTTP to messages that NATS has stored, CPU of the collector',
    run: ({ quick, threads }) =>
      withServices(quick, 'nats', async ({ nats_url }) => {
        const size = quick
          ? { targets: 10, interval_ms: 100, warmup_seconds: 0.3, seconds: 0.5 }
          : { targets: 1_000, interval_ms: 4_000, warmup_seconds: 12, seconds: 20 };
        const figures = await benchCollector({ ...size, nats_url, threads });
        return [
          { name: 'scrapes', value: figures.scrapes_per_s, unit: 'scrapes/s' },
          { name: 'a scrape, CPU', value: figures.scrape_cpu_us, unit: 'us' },
          { name: 'its page', value: figures.page_bytes, unit: 'B' },
          { name: 'scrapes that failed', value: figures.failures, unit: 'scrapes', at_most: 0 },
        ];
      }),
  },
  {
    name: 'remote-write',
    summary: 'requests of Prometheus to normalised scrapes, one core',
    async run({ quick }) {
      const figures = await benchRemoteWrite({ seconds: quick ? 0.01 : 5 });
      return [
        { name: '1.0', value: figures.v1_samples_per_second, unit: 'samples/s', at_least: 1_000_000 },
        { name: '2.0', value: figures.v2_samples_per_second, unit: 'samples/s', at_least: 1_000_000 },
        { name: 'series shuffled', value: figures.shuffled_samples_per_second, unit: 'samples/s' },
      ];
    },
  },
  {
    name: 'engine',
    summary: 'messages through all steps on one thread, without network',
    async run({ quick }) {
      const size = quick ? { gpus: 800, rows: 4_000, small_rows: 4_000, live_rows: 4_000 } : {};
      const result = benchEngine({ ...ENGINE_BENCH_DEFAULTS, ...size });
      const { live_rows_per_s, bare_rows_per_s, bare_windows_rows_per_s, state_bytes_per_gpu, state_bytes, pauses } =
        result;
      return [
        { name: 'all steps, a scrape a second', value: live_rows_per_s, unit: 'rows/s', at_least: 200_000 },
        { name: 'all steps, a scrape every 10 s', value: result.rows_per_s, unit: 'rows/s' },
        { name: 'bare loop of four windows and z-scores', value: bare_windows_rows_per_s, unit: 'rows/s' },
        { name: 'all steps to four windows', value: live_rows_per_s / bare_windows_rows_per_s, unit: 'ratio' },
        { name: 'bare loop of one pane and z-scores', value: bare_rows_per_s, unit: 'rows/s' },
        { name: 'all steps to one pane', value: live_rows_per_s / bare_rows_per_s, unit: 'ratio', at_least: 0.5 },
        ...Object.entries(result.live_step_us).map(([step, us]) => ({ name: step, value: us, unit: 'us/row' })),
        ...Object.entries(result.step_us).map(([step, us]) => ({
          name: `${step}, every 10 s`,
          value: us,
          unit: 'us/row',
        })),
        { name: 'pause of a small push, p50', value: pauses.p50_ms, unit: 'ms' },
        { name: 'pause, p99', value: pauses.p99_ms, unit: 'ms' },
        { name: 'pause, p99.9', value: pauses.p999_ms, unit: 'ms' },
        { name: 'pause, longest, over midnight', value: pauses.max_ms, unit: 'ms', at_most: 50 },
        ...Object.entries(pauses.counts).map(([name, value]) => ({ name: `pauses, ${name}`, value, unit: '' })),
        ...Object.entries(state_bytes).map(([step, bytes]) => ({
          name: `state of ${step}`,
          value: bytes,
          unit: 'B/GPU',
        })),
        { name: 'state', value: state_bytes_per_gpu, unit: 'B/GPU', at_most: 48_000 },
      ];
    },
  },
  {
    name: 'novelty',
    summary: 'isolation forests and clustering of a fleet, CPU of one core',
    async run({ quick }) {
      const figures = benchIsolationForest(
        quick ? { seconds: 0.02, gpus: 24, days: 1.6 } : { seconds: 2, gpus: 2_000, days: 3 },
      );
      return [
        { name: 'score, 100 trees', value: figures.score_ns, unit: 'ns/row' },
        { name: 'fit, 100 trees', value: figures.fit_ms, unit: 'ms' },
        { name: 'longest slice of a fit', value: figures.slice_max_ms, unit: 'ms' },
        { name: 'operator', value: figures.vector_us, unit: 'us/vector' },
        { name: 'longest tick, forests growing', value: figures.tick_max_ms, unit: 'ms', at_most: 50 },
        { name: 'state', value: figures.state_bytes_per_model, unit: 'B/model' },
        { name: 'clustering of 768 boards', value: figures.clustering_ms, unit: 'ms', at_most: 50 },
      ];
    },
  },
  ...MODEL_BENCHES,
  {
    name: 'threads',
    summary: 'the same over one thread and over two, by the clock on the wall',
    async run({ quick, threads: thread_files }) {
      const size = quick ? { gpus: 800, rows: 4_000 } : { gpus: 100_000, rows: 3_000_000 };
      const measure = (threads: number) =>
        benchEngineThreads({ ...ENGINE_BENCH_DEFAULTS, ...size, threads, thread_files });
      const [one, two] = [await measure(1), await measure(2)];
      return [
        { name: 'one thread', value: one.rows_per_s, unit: 'rows/s' },
        { name: 'two threads', value: two.rows_per_s, unit: 'rows/s' },
        { name: 'two to one', value: two.rows_per_s / one.rows_per_s, unit: 'ratio' },
        { name: 'one thread, CPU', value: one.cpu_us, unit: 'us/row' },
        { name: 'two threads, CPU of all', value: two.cpu_us, unit: 'us/row' },
        { name: 'two threads, CPU of the one that reads', value: two.reader_us, unit: 'us/row' },
      ];
    },
  },
  {
    name: 'bus',
    summary: 'publish with acks, read back, latency of one message at a time',
    run: ({ quick }) =>
      withServices(quick, 'nats', async ({ nats_url }) => {
        const bus = await connectBus({ servers: nats_url, name: 'bench', clock: systemClock });
        try {
          await ensureStreams(bus);
          const result = await benchBus({ bus, messages: quick ? 1_000 : 200_000, bytes: 2_000, nodes: 1_000 });
          return [
            { name: 'publish', value: result.publish_per_s, unit: 'messages/s' },
            { name: 'publish, CPU of the client', value: result.publish_cpu_us, unit: 'us/message' },
            { name: 'read', value: result.read_per_s, unit: 'messages/s' },
            { name: 'read, CPU of the client', value: result.read_cpu_us, unit: 'us/message' },
            { name: 'publish to read, p50', value: result.latency_p50_ms, unit: 'ms' },
            { name: 'publish to read, p99', value: result.latency_p99_ms, unit: 'ms' },
          ];
        } finally {
          await bus.close();
        }
      }),
  },
  {
    name: 'questdb',
    summary: 'samples into gpu_metrics through the sink, then the rollups once',
    run: ({ quick }) =>
      withServices(quick, 'questdb', async ({ questdb_http_url, questdb_pg_url, questdb_pid }) => {
        const database = connectDatabase({
          url: questdb_pg_url,
          pool_size: 2,
          statement_timeout: seconds(600),
          connect_timeout: seconds(5),
        });
        try {
          const shape = quick ? { rows: 4_000, gpus: 200 } : { rows: 2_000_000, gpus: 100_000 };
          const result = await benchQuestdb({
            ...shape,
            metrics: 25,
            interval_ms: 10_000,
            url: questdb_http_url,
            database,
            flush_rows: 50_000,
            rollups: 'deferred',
            ...(questdb_pid !== null && { questdb_cpu_us: () => processCpu(questdb_pid) * 1_000 }),
          });
          return [
            { name: 'readable', value: result.rows_per_s_readable, unit: 'rows/s' },
            { name: 'sink, CPU', value: result.sink_cpu_us, unit: 'us/row' },
            { name: 'QuestDB, CPU', value: result.questdb_cpu_us ?? Number.NaN, unit: 'us/row' },
            {
              name: 'QuestDB with rollups, CPU',
              value: result.questdb_cpu_us_with_rollups ?? Number.NaN,
              unit: 'us/row',
            },
          ];
        } finally {
          await database.close();
        }
      }),
  },
  GRAFANA_BENCH,
  {
    name: 'frames',
    summary: 'a row on its way to the read side, CPU of engine and reader',
    async run({ quick }) {
      const figures = benchFrames({ nodes: quick ? 8 : 1_250, seconds: quick ? 0.02 : 3 });
      return [
        { name: 'write', value: figures.write_us, unit: 'us/row' },
        { name: 'read', value: figures.read_us, unit: 'us/row' },
        { name: 'summary as text', value: figures.summary_text_us, unit: 'us/row' },
        { name: 'size', value: figures.bytes_per_row, unit: 'B/row' },
      ];
    },
  },
  LIVE_BENCH,
  ...TRUST_BENCHES,
  {
    name: 'latency',
    summary: 'publish into DCGM_RAW to a WebSocket message, whole system, 2,000 rows/s',
    async run({ quick, threads }) {
      const size = quick ? { gpus: 64, seconds: 1, warmup_seconds: 0.2, clients: 2, quick_services: true } : {};
      const result = await benchLatency({ ...LATENCY_DEFAULTS, ...size, threads });
      return [
        { name: 'p50', value: result.p50_ms, unit: 'ms', at_most: 2 },
        { name: 'p99', value: result.p99_ms, unit: 'ms', at_most: 25 },
        { name: 'longest', value: result.max_ms, unit: 'ms' },
        { name: 'scrapes seen', value: result.seen, unit: 'ratio' },
      ];
    },
  },
  {
    name: 'chain',
    summary: 'publisher to QuestDB, the whole system beside the bare chain, in turns',
    async run({ quick, say, threads }) {
      const size = quick
        ? { gpus: 400, seconds: 1, rounds: 1, warmup_seconds: 0.3, steady_seconds: 0, quick_services: true }
        : { steady_seconds: 120 };
      const result = await benchEndToEnd({ ...END_TO_END_DEFAULTS, ...size, threads, say });
      const { steady } = result;
      return [
        { name: 'bare chain', value: result.bare_rows_per_s, unit: 'rows/s' },
        { name: 'whole system', value: result.real_rows_per_s, unit: 'rows/s' },
        { name: 'whole system to bare chain', value: result.ratio, unit: 'ratio', at_least: 0.75 },
        ...(steady === null
          ? []
          : [
              { name: 'steady, asked', value: steady.asked_rows_per_s, unit: 'rows/s' },
              { name: 'steady, 120 s', value: steady.rows_per_s, unit: 'rows/s' },
              {
                name: 'steady to bare chain',
                value: Math.round((steady.rows_per_s / result.bare_rows_per_s) * 1_000) / 1_000,
                unit: 'ratio',
              },
              { name: 'steady, behind in the second third', value: steady.rows_behind_middle, unit: 'rows' },
              { name: 'steady, behind in the last third', value: steady.rows_behind_end, unit: 'rows' },
            ]),
        { name: 'state of operators', value: result.real_memory.state_bytes_per_gpu, unit: 'B/GPU' },
        {
          name: 'engine thread, heap and buffers',
          value: Math.round(result.real_memory.thread_bytes / Math.max(1, result.real_memory.gpus)),
          unit: 'B/GPU',
        },
      ];
    },
  },
];

async function withServices<T>(
  quick: boolean,
  service: ServiceName,
  use: (running: BenchServices) => Promise<T>,
): Promise<T> {
  const running = await startBenchServices({ quick, services: [service] });
  try {
    return await use(running);
  } finally {
    await running.stop();
  }
}
