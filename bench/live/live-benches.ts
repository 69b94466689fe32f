import type { Bench, Figure } from '../bench.ts';
import { frameGpu, frameNode, GPUS_A_NODE } from '../frame-scrapes.ts';
import { type LiveMeasure, startLiveBench } from './bench-live.ts';
import type { CrowdGroup } from './crowd-sockets.ts';

/** Who has consoles open on a fleet: some pages of the whole of it, many of one node or GPU, pagers and scripts. */
function mixedCrowd(sockets: number, gpus: number): readonly CrowdGroup[] {
  const share = (part: number): number => Math.max(1, Math.round(sockets * part));
  const nodes = Math.ceil(gpus / GPUS_A_NODE);
  const power = '"power_watts":';
  return [
    fleetCrowd(share(0.04)),
    {
      name: 'node',
      sockets: share(0.3),
      topics: Array.from({ length: nodes }, (_, node) => `node/${frameNode(node)}`),
      mark: power,
    },
    {
      name: 'gpu',
      sockets: share(0.56),
      topics: Array.from({ length: gpus }, (_, i) => `gpu/${frameGpu((i * 7) % gpus)}`),
      mark: power,
    },
    { name: 'anomalies', sockets: share(0.05), topics: ['anomalies'], mark: '"observed":' },
    { name: 'alerts', sockets: share(0.05), topics: ['alerts'], mark: '"job":"' },
  ];
}

const fleetCrowd = (sockets: number, name = 'fleet'): CrowdGroup => ({
  name,
  sockets,
  topics: ['fleet'],
  mark: '"power_watts":',
});

const waitedOf = (measure: LiveMeasure): number => Math.max(measure.waited_share, measure.server_waited_share);

export const LIVE_BENCH: Bench = {
  name: 'live',
  summary:
    'publish to receipt by 1,000 WebSocket clients, 10,000 GPUs, 2,000 changes/s; stuck clients; reconnect storms',
  async run({ quick, threads, say }) {
    const { sockets, gpus, seconds, changes_per_s, stuck } = quick
      ? { sockets: 20, gpus: 64, seconds: 0.5, changes_per_s: 400, stuck: 2 }
      : { sockets: 1_000, gpus: 10_000, seconds: 15, changes_per_s: 2_000, stuck: 20 };
    const bench = await startLiveBench({ gpus, quick, threads });
    const figures: Figure[] = [];
    const tell = (name: string, value: number, unit: string, at_most?: number): void => {
      figures.push({ name, value: Math.round(value * 1_000) / 1_000, unit, ...(at_most !== undefined && { at_most }) });
    };
    const timed = (name: string, measure: LiveMeasure, goals: readonly [p50?: number, p99?: number]): void => {
      const { all, groups } = measure;
      tell(`${name}, p50`, all.p50_ms, 'ms', goals[0]);
      tell(`${name}, p99`, all.p99_ms, 'ms', goals[1]);
      for (const [group, { p99_ms }] of Object.entries(groups)) tell(`${name}, p99 of ${group}`, p99_ms, 'ms');
      tell(`${name}, sent`, all.bytes / measure.seconds / 1e6, 'MB/s');
      tell(`${name}, CPU of the server`, measure.server_cpu_share, 'cores');
      tell(`${name}, waited for a core`, waitedOf(measure), 'ratio');
      tell(`${name}, numbers out of turn`, all.breaks, '', 0);
    };
    try {
      say(`${sockets} clients of all topics`);
      await bench.gather(mixedCrowd(sockets, gpus));
      const mixed = await bench.measure({ seconds, changes_per_s });
      timed('mixed', mixed, [5, 50]);
      for (const since of [true, false]) {
        say(`all of them come back, ${since ? 'with' : 'without'} since`);
        const storm = await bench.storm({ since, changes_per_s });
        tell(`storm ${since ? 'with' : 'without'} since`, storm.took_ms, 'ms', 2_000);
        tell(`storm ${since ? 'with' : 'without'} since, sent`, storm.bytes / 1e6, 'MB');
      }

      say(`${stuck} clients that stop reading`);
      await bench.gather([...mixedCrowd(sockets - stuck, gpus), fleetCrowd(stuck, 'stuck')]);
      const before = await bench.measure({ seconds: seconds / 3, changes_per_s });
      await bench.stall('stuck');
      const during = await bench.measure({ seconds, changes_per_s });
      tell('stuck, memory each', Math.max(0, during.server_rss_bytes - before.server_rss_bytes) / 1e6 / stuck, 'MB', 8);
      tell('stuck, p50 of all before', before.all.p50_ms, 'ms');
      tell('stuck, p50 of the others', during.all.p50_ms, 'ms', 5);
      tell('stuck, p99 of all before', before.all.p99_ms, 'ms');
      tell('stuck, p99 of the others', during.all.p99_ms, 'ms', 50);

      say(`${sockets} clients, all on fleet`);
      await bench.gather([fleetCrowd(sockets)]);
      timed('all on fleet', await bench.measure({ seconds, changes_per_s }), []);
      return figures;
    } finally {
      await bench.stop();
    }
  },
};
