import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createFleet } from '../../bench/fleet/fleet.ts';
import { systemClock } from '../clock.ts';
import { asSeries, requestV1, requestV2 } from '../collect/remote-write/request.fixture.ts';
import { endCliRuns, readyLine, startCli, until } from './cli.fixture.ts';

/** `gpu-vitals up --remote-write` as a Prometheus meets it, which shares nothing with it but bytes. */
const GPUS = 16;
const V2 = 'application/x-protobuf;proto=io.prometheus.write.v2.Request';

let folder = '';
afterAll(async () => {
  await endCliRuns();
  if (folder !== '') await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

interface Answered {
  readonly items: readonly { readonly gpu_uuid: string; readonly node: string; readonly power_watts: number | null }[];
  readonly total: number;
}

it('takes what a Prometheus writes, shows it as a fleet that is scraped, and simulates none', async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-written-'));
  const addresses = ['--api', '127.0.0.1:0', '--live', '127.0.0.1:0', '--remote-write', '127.0.0.1:0'];
  const up = startCli(['up', ...addresses, '--data', join(folder, 'data'), '--interval', '1s']);
  const ready = await readyLine(up);
  expect(ready.remote_write).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*\/api\/v1\/write$/);
  expect(up.stderr()).toContain(ready.remote_write);
  expect(up.stderr()).not.toMatch(/simulated|history:/);
  const api = async <T>(path: string): Promise<T> => (await (await fetch(`${ready.api}/api/v1${path}`)).json()) as T;
  expect((await api<Answered>('/gpus')).total).toBe(0);

  const STEP_MS = 1_000;
  const start_ms = Math.floor(systemClock.now() / STEP_MS) * STEP_MS - 30 * STEP_MS;
  const fleet = createFleet({ gpus: GPUS, seed: 7, start_ms, interval_ms: STEP_MS, stories: 'none' });
  const write = async (step: number, version: 1 | 2): Promise<void> => {
    const ts = start_ms + step * STEP_MS;
    const series = fleet.node_names.flatMap((node) =>
      asSeries(fleet.exposition(node, ts, { timestamps: false }) ?? '', ts, { instance: `${node}:9400`, job: 'dcgm' }),
    );
    const answer = await fetch(ready.remote_write as string, {
      method: 'POST',
      headers: { 'Content-Type': version === 1 ? 'application/x-protobuf' : V2, 'Content-Encoding': 'snappy' },
      body: Uint8Array.from(version === 1 ? requestV1(series) : requestV2(series)),
    });
    expect(answer.status, await answer.text()).toBe(204);
    expect(answer.headers.get('x-prometheus-remote-write-samples-written')).toBe(String(series.length));
  };
  for (let step = 0; step < 20; step++) await write(step, step < 10 ? 1 : 2);

  await until('the fleet that was written', async () => (await api<Answered>('/gpus')).total === GPUS);
  const { items } = await api<Answered>('/gpus?limit=1000');
  expect(new Set(items.map(({ node }) => node))).toEqual(new Set(fleet.node_names));
  expect(items.every(({ power_watts }) => power_watts !== null && power_watts > 0)).toBe(true);
  const uuid = items[0]?.gpu_uuid as string;
  const rows = (): Promise<{ items: { ts: string }[] }> =>
    api(`/gpus/${uuid}/metrics?metrics=power_watts&from=${new Date(start_ms).toISOString()}`);
  // The newest instant of each target waits for the next one, which proves that it is whole.
  await until('every instant, once', async () => (await rows()).items.length >= 19);
  const told = (await rows()).items.map(({ ts }) => Date.parse(ts));
  expect(told).toEqual(told.map((_, i) => start_ms + i * STEP_MS));

  // What comes twice is there once.
  await write(18, 1);
  await write(20, 2);
  await until('a newer instant', async () => (await rows()).items.length > told.length);
  const later = (await rows()).items.map(({ ts }) => ts);
  expect(new Set(later).size).toBe(later.length);
  expect((await fetch(ready.remote_write as string, { method: 'POST', body: 'no request' })).status).toBe(415);

  up.kill('SIGTERM');
  expect((await up.exited).code).toBe(0);
}, 180_000);
