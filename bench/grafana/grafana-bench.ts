import type { Bench } from '../bench.ts';
import { processCpu } from '../chain-run.ts';
import { startBenchServices } from '../start-bench-services.ts';
import { panelTimes } from './panel-times.ts';

export const GRAFANA_BENCH: Bench = {
  name: 'grafana',
  summary: "every statement of the dashboards, 10,000 GPUs; median of three, each range's slowest ten",
  async run({ quick, say }) {
    const running = await startBenchServices({ quick, services: ['questdb'] });
    try {
      const size = quick ? { gpus: 16, rounds: 1, days: 1 } : { gpus: 10_000, rounds: 3, days: 7 };
      const times = await panelTimes({
        ...size,
        url: running.questdb_pg_url,
        cpu_ms: () => (running.questdb_pid === null ? Number.NaN : processCpu(running.questdb_pid)),
        say,
      });
      return ['1 h', '24 h', '7 d'].flatMap((range) => {
        const of = times.filter((time) => time.range === range).sort((a, b) => b.median_ms - a.median_ms);
        const most = of.toSorted((a, b) => b.cpu_ms - a.cpu_ms)[0];
        return [
          { name: `${range}, statements`, value: of.length, unit: '' },
          { name: `${range}, half take less than`, value: of[of.length >> 1]?.median_ms ?? 0, unit: 'ms' },
          {
            name: `${range}, most CPU of QuestDB (${most?.name})`,
            value: most?.cpu_ms ?? 0,
            unit: 'ms',
            at_most: 1_000,
          },
          ...of.slice(0, 10).map(({ dashboard, name, median_ms }) => ({
            name: `${range}, ${dashboard}: ${name}`,
            value: median_ms,
            unit: 'ms',
            at_most: 1_000,
          })),
        ];
      });
    } finally {
      await running.stop();
    }
  },
};
