import type { Bench } from './bench.ts';
import { benchDurability, DURABILITY_DEFAULTS } from './durability.ts';
import { benchRestart, RESTART_DEFAULTS } from './restart.ts';
import { benchSnapshots } from './snapshot-rounds.ts';

const MIB = 1_048_576;

/** What being able to lose any process costs, and what power loss on top of it. */
export const TRUST_BENCHES: readonly Bench[] = [
  {
    name: 'snapshots',
    summary: 'snapshot of 10,000 GPUs beside the engine, and its way back after kill -9',
    async run({ quick, threads, say }) {
      const size = quick ? { gpus: 256, instants: 4 } : { gpus: 10_000, instants: 90 };
      const made = await benchSnapshots({ ...size, seed: 42 });
      say(`a snapshot takes ${made.work_ms.toFixed(0)} ms of CPU`);
      const small = {
        gpus: 256,
        interval_ms: 1_000,
        fill_seconds: 1,
        fill_rows_per_s: 1_000,
        down_seconds: 2,
        engine_args: ['--snapshot-interval', '400ms'],
        quick: true,
      };
      const back = await benchRestart({ ...RESTART_DEFAULTS, ...(quick && small), dist: new URL('../', threads) });
      return [
        { name: 'work in the background, CPU', value: made.work_ms, unit: 'ms', at_most: 1_000 },
        { name: 'written and synced', value: made.wall_ms, unit: 'ms' },
        { name: 'longest pause', value: made.pause_max_ms, unit: 'ms', at_most: 20 },
        { name: 'size', value: made.bytes / MIB, unit: 'MiB' },
        { name: 'restored', value: made.restore_ms, unit: 'ms' },
        { name: 'restored, CPU', value: made.restore_cpu_ms, unit: 'ms' },
        { name: 'process started, state restored, reading', value: back.restart_s, unit: 's', at_most: 3 },
        { name: 'rows read again and caught up with', value: back.replayed_rows, unit: 'rows' },
        { name: 'until live', value: back.replay_s, unit: 's' },
        { name: 'that is, times real time', value: back.replay_times, unit: 'ratio', at_least: 5 },
      ];
    },
  },
  {
    name: 'durability',
    summary: 'fast beside safe, where every message and commit is on the disk before it counts',
    async run({ quick, threads }) {
      const small = {
        gpus: 256,
        messages: { fast: 1_000, safe: 200 },
        rows: 4_000,
        warmup_seconds: 1,
        seconds: 2,
        quick: true,
      };
      const options = { ...DURABILITY_DEFAULTS, ...(quick && small), dist: new URL('../', threads) };
      const [fast, safe] = [await benchDurability('fast', options), await benchDurability('safe', options)];
      return [
        { name: 'NATS, fast', value: fast.publish_per_s, unit: 'messages/s' },
        { name: 'NATS, safe', value: safe.publish_per_s, unit: 'messages/s' },
        { name: 'one message at a time, fast, p50', value: fast.latency_p50_ms, unit: 'ms' },
        { name: 'one message at a time, safe, p50', value: safe.latency_p50_ms, unit: 'ms' },
        { name: 'QuestDB, fast', value: fast.questdb_rows_per_s, unit: 'rows/s' },
        { name: 'QuestDB, safe', value: safe.questdb_rows_per_s, unit: 'rows/s' },
        { name: 'whole system, fast', value: fast.system_rows_per_s, unit: 'rows/s' },
        { name: 'whole system, safe', value: safe.system_rows_per_s, unit: 'rows/s' },
        { name: 'safe to fast', value: safe.system_rows_per_s / fast.system_rows_per_s, unit: 'ratio' },
      ];
    },
  },
];
