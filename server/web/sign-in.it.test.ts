import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../pipeline/clock.ts';
import { keyring } from '../security/keyring.fixture.ts';
import { type ConsoleWorld, ensureConsoleBuilt, startConsoleWorld } from './console.fixture.ts';
import { type ConsolePage, openConsolePage, PATIENCE, seriousFindings } from './console-page.fixture.ts';

const keys = keyring(systemClock.now);
let world: ConsoleWorld;
let opened: ConsolePage;
let feeding: ReturnType<typeof setInterval> | undefined;

beforeAll(async () => {
  await ensureConsoleBuilt();
  world = await startConsoleWorld({
    gpus: 8,
    start_ms: systemClock.now() - 60_000,
    interval_ms: 10_000,
    stale_after_ms: 5_000,
    gate: keys.gate,
  });
  feeding = setInterval(() => world.feed(systemClock.now(), 'live'), 250);
  opened = await openConsolePage();
}, 600_000);
afterAll(async () => {
  clearInterval(feeding);
  await opened?.close();
  await world?.stop();
});

describe('sign-in', () => {
  it('is asked for once there is a key, refuses a bad one, lets a good one see live data, and ends with it', async () => {
    const { page, at } = opened;
    keys.add({ role: 'admin' });
    const good = keys.add({ role: 'viewer' });
    await page.goto(world.api_url);
    await at('sign-in').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await at('sign-in-key').fill('gvk_wrong');
    await at('sign-in-submit').click();
    await expect.poll(() => page.getByRole('alert').innerText(), PATIENCE).toContain('not good');
    await at('sign-in-key').fill(good);
    await at('sign-in-submit').click();
    await at('fleet-heatmap').waitFor();
    await page.goto(`${world.api_url}/gpus/${world.fleet.gpuUuids()[0]}`);
    await at('live-value').first().waitFor();
    expect(await page.evaluate(() => localStorage.getItem('gpu-vitals.key'))).toBeNull();
    keys.revoke(good);
    await page.reload();
    await at('sign-in').waitFor();
    expect(await page.evaluate(() => sessionStorage.getItem('gpu-vitals.key'))).toBeNull();
  });
});
