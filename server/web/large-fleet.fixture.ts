import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import { systemClock } from '../../pipeline/clock.ts';
import type { MetricName } from '../../pipeline/contract/metrics.ts';
import { Registry } from '../../pipeline/contract/registry.ts';
import { batchOf, type FixtureRow } from '../../sinks/live/fleet.fixture.ts';
import { framesSink } from '../../sinks/live/frames-sink.ts';
import { memoryBus } from '../../sinks/live/memory-bus.fixture.ts';
import type { ConsoleConfig } from '../schemas-fleet.ts';
import { startLive } from '../start-live.ts';

const BUILT = join(import.meta.dirname, '../../dist/console');
const GPUS_A_NODE = 8;
const NODES_A_RACK = 4;
const INTERVAL_MS = 10_000;
const TICKS = 100;
const PAGE = 1_000;

/** A fleet of any size for the console alone: a real live server, and an API that knows racks and nothing else; `live`: it goes on sending. */
export async function startLargeFleet({ gpus, live: goes_on }: { readonly gpus: number; readonly live: boolean }) {
  const bus = memoryBus();
  const live = await startLive({ bus, database: null, clock: systemClock, host: '127.0.0.1', port: 0 });
  const frames = framesSink(bus, { worker: 'large' });
  const registry = new Registry(0);
  const rows = Array.from({ length: gpus }, (_, i): Omit<FixtureRow, 'ts' | 'values'> => {
    const node = Math.floor(i / GPUS_A_NODE);
    const uuid = `GPU-${String(i).padStart(8, '0')}-1111-2222-3333-444444444444`;
    return { uuid, node: `n${node + 1}`, slot: String(i % GPUS_A_NODE), model: 'NVIDIA H100 80GB HBM3' };
  });
  let turn = 0;
  const feed = (from: number, to: number): void => {
    const ts = systemClock.now();
    turn++;
    const taken = rows.slice(from, to).map((row, i) => ({ ...row, ts, values: readingsOf(from + i, turn) }));
    for (let at = 0; at < taken.length; at += PAGE) frames.write(batchOf(taken.slice(at, at + PAGE), registry));
  };
  feed(0, gpus);
  let tick = 0;
  const share = Math.ceil(gpus / TICKS);
  const feeding = setInterval(() => {
    if (!goes_on) return;
    feed((tick % TICKS) * share, Math.min(gpus, ((tick % TICKS) + 1) * share));
    tick++;
  }, INTERVAL_MS / TICKS);

  const app = new Hono();
  app.get('/api/v1/console-config', (c) =>
    c.json({
      live: live.url,
      protocol: 'gpu-vitals.v1',
      stale_after_ms: 60_000,
      simulated: true,
      name: '',
      role: 'admin',
      tenant: '',
      refused: [],
    } satisfies ConsoleConfig),
  );
  app.get('/api/v1/assets', (c) => {
    const from = Number(c.req.query('cursor') ?? 0);
    const items = rows.slice(from, from + PAGE).map(({ uuid, node }, i) => {
      const rack = Math.floor((from + i) / GPUS_A_NODE / NODES_A_RACK);
      return { gpu_uuid: uuid, node, cluster: '', rack: `r${rack + 1}` };
    });
    return c.json({ items, total: gpus, next: from + PAGE < gpus ? String(from + PAGE) : null });
  });
  app.get('/api/v1/*', (c) => c.json({ items: [], total: 0, next: null }));
  app.get('/assets/*', serveStatic({ root: BUILT }));
  app.get('*', serveStatic({ root: BUILT, path: 'index.html' }));
  const port = await freeOne();
  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port });
  return {
    url: `http://127.0.0.1:${port}`,
    uuids: rows.map(({ uuid }) => uuid),
    async stop() {
      clearInterval(feeding);
      server.close();
      await live.close();
    },
  };
}

const freeOne = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

const readingsOf = (i: number, turn: number): Partial<Record<MetricName, number>> => ({
  gpu_temp_celsius: 40 + ((i * 7 + turn) % 35),
  memory_temp_celsius: 50 + ((i * 5 + turn) % 30),
  power_watts: 200 + ((i * 13 + turn) % 480),
  power_limit_watts: 700,
  gpu_util_ratio: ((i + turn) % 100) / 100,
  fb_used_bytes: 5e10,
  fb_free_bytes: 3e10,
  sm_clock_mhz: 1_755,
  throttle_reasons: 0,
});
