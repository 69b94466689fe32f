import { expect, it } from 'vitest';
import { settableClock } from '../pipeline/clock.ts';
import { assetOf, NOW } from './api.fixture.ts';
import { assetDesk } from './asset-desk.ts';
import { memoryAssetLog } from './asset-log.fixture.ts';

const fail = (error: unknown): void => expect.fail(`told of ${error}`);

it('knows the last hundred changes of an asset, however often its status has changed', async () => {
  const clock = settableClock(NOW);
  const log = memoryAssetLog(() => clock.now());
  const database = { query: async () => [] };
  const desk = assetDesk({ log, database: database as never, clock, now: () => clock.now(), tell: fail });
  try {
    for (let i = 0; i < 250; i++) log.write(assetOf('GPU-a', { status: i % 2 ? 'active' : 'maintenance' }));
    log.write(assetOf('GPU-b', { status: 'retired' }));
    await expect.poll(async () => (await desk.statuses()).has('GPU-b')).toBe(true);
    const statuses = await desk.statuses();
    expect(statuses.get('GPU-a')).toHaveLength(100);
    expect(statuses.get('GPU-a')?.at(-1)?.status).toBe('active');
    expect(statuses.get('GPU-b')?.map(({ status }) => status)).toEqual(['retired']);
  } finally {
    await desk.stop();
  }
});

it('knows since when an asset has its tenant, from older versions too that do not say', async () => {
  const clock = settableClock(NOW);
  const log = memoryAssetLog(() => NOW - 5_000);
  const database = { query: async () => [] };
  const desk = assetDesk({ log, database: database as never, clock, now: () => clock.now(), tell: fail });
  try {
    for (const tenant of ['red', 'blue', 'blue']) log.write(assetOf('GPU-a', { tenant }));
    for (const tenant of ['', 'blue']) log.write(assetOf('GPU-b', { tenant }));
    await expect.poll(async () => [...(await desk.tenures())]).toEqual([['GPU-a', NOW - 5_000]]);
    await desk.change('GPU-a', () => ({ gpu_uuid: 'GPU-a', tenant: 'red' }));
    clock.advance(1_000);
    await desk.change('GPU-a', () => ({ gpu_uuid: 'GPU-a', note: 'later' }));
    expect([...(await desk.tenures())]).toEqual([['GPU-a', NOW]]);
  } finally {
    await desk.stop();
  }
});

it('tells that it hears of nothing any more, and reads on where it was', async () => {
  const clock = settableClock(NOW);
  const log = memoryAssetLog(() => clock.now());
  log.write(assetOf('GPU-a', { tenant: 'red' }));
  const told: [string, string][] = [];
  const read: number[] = [];
  const broken: typeof log = {
    ...log,
    async *follow(from, signal) {
      if (read.push(from) < 3) throw new Error('away');
      yield* log.follow(from, signal);
    },
  };
  const database = { query: async () => [] };
  const desk = assetDesk({
    log: broken,
    database: database as never,
    clock,
    now: () => clock.now(),
    tell: ({ code, message }) => told.push([code, message]),
  });
  try {
    await expect.poll(() => told).toEqual([['GV-BUS-002', 'Error: away']]);
    log.write(assetOf('GPU-a', { tenant: 'blue' }));
    await expect.poll(async () => [...(await desk.tenures())], { timeout: 5_000 }).toEqual([['GPU-a', NOW]]);
    expect([read, told.length]).toEqual([[2, 2, 2], 1]);
  } finally {
    await desk.stop();
  }
});
