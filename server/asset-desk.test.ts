import { expect, it } from 'vitest';
import { settableClock } from '../pipeline/clock.ts';
import { assetOf, NOW } from './api.fixture.ts';
import { assetDesk } from './asset-desk.ts';
import { memoryAssetLog } from './asset-log.fixture.ts';

it('knows the last hundred changes of an asset, however often its status has changed', async () => {
  const clock = settableClock(NOW);
  const log = memoryAssetLog(() => clock.now());
  const database = { query: async () => [] };
  const desk = assetDesk({ log, database: database as never, clock, now: () => clock.now() });
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
  const desk = assetDesk({ log, database: { query: async () => [] } as never, clock, now: () => clock.now() });
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
