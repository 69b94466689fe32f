import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../pipeline/clock.ts';
import { keyring } from '../security/keyring.fixture.ts';
import { type ConsoleWorld, ensureConsoleBuilt, startConsoleWorld } from './console.fixture.ts';
import { type ConsolePage, openConsolePage, PATIENCE, seriousFindings } from './console-page.fixture.ts';

/** Where the secret of a key begins. */
const SECRET_AT = 'gvk_0123456789ab_'.length;
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
    keys: keys.list,
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

  it('leads nobody to pages that are not for their key, and admins to keys and trail', async () => {
    const { page, at } = opened;
    const enter = async (key: string, path: string): Promise<void> => {
      await page.goto(world.api_url);
      await page.locator('[data-testid="sign-out"], [data-testid="sign-in-key"]').first().waitFor();
      if ((await at('sign-out').count()) > 0) await at('sign-out').click();
      await at('sign-in-key').fill(key);
      await at('sign-in-submit').click();
      await at('sign-out').waitFor();
      await page.goto(`${world.api_url}${path}`);
      await at('sign-out').waitFor();
    };
    const led = (): Promise<string[]> =>
      page.locator('nav.pages a').evaluateAll((links) => links.map((link) => link.getAttribute('data-testid') ?? ''));

    await enter(keys.add({ role: 'admin', tenant: 'acme', name: 'tess' }), '/models');
    await page.getByText('This page is not for this key').waitFor();
    expect(await led()).not.toEqual(expect.arrayContaining(['to-models']));
    expect((await led()).filter((id) => ['to-models', 'to-pipeline', 'to-settings'].includes(id))).toEqual([]);
    expect((await led()).length).toBeGreaterThan(8);
    for (const [path, testid, absent] of [
      ['/alerts', 'alerts-page', 'Silences'],
      ['/reports', 'reports-page', 'Changes'],
      ['/labels', 'label-list', 'Were these failures?'],
    ] as const) {
      await page.goto(`${world.api_url}${path}`);
      await page.locator(`[data-testid="${testid}"], [data-testid="no-label"]`).first().waitFor();
      expect(await page.getByText(absent).count()).toBe(0);
    }

    const admin = keys.add({ role: 'admin', name: 'ann' });
    await fetch(`${world.api_url}/api/v1/alerts/none/acknowledge`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${admin}`, 'Content-Type': 'application/json' },
      body: '{"by":"somebody else"}',
    });
    await enter(admin, '/settings?view=keys');
    await at('keys').waitFor();
    const row = page.locator('[data-testid="keys"] tbody tr', { hasText: 'tess' });
    expect((await row.locator('td').allInnerTexts()).slice(1, 5)).toEqual(['tess', 'admin', 'acme', 'good']);
    expect(await page.content()).not.toContain(admin.slice(SECRET_AT));
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Audit trail' }).click();
    const entry = page.locator('[data-testid="trail"] tbody tr').first();
    await entry.waitFor();
    expect((await entry.locator('td').allInnerTexts()).slice(1, 6)).toEqual([
      ...['ann', '127.0.0.1', 'POST /api/v1/alerts/:id/acknowledge', '/api/v1/alerts/none/acknowledge'],
      'refused, 404',
    ]);
    expect(await seriousFindings(page)).toEqual([]);

    await enter(keys.add({ role: 'viewer', name: 'vera' }), '/settings');
    await at('settings-page').waitFor();
    expect(await page.getByRole('button', { name: 'Audit trail' }).count()).toBe(0);
    await page.goto(`${world.api_url}/pipeline`);
    await at('no-engine').waitFor();
    expect(await at('dead-letters').count()).toBe(0);
  });
});
