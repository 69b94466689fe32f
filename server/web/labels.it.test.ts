import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../pipeline/clock.ts';
import type { Episode } from '../../pipeline/contract/events.ts';
import { type ConsoleWorld, ensureConsoleBuilt, startConsoleWorld } from './console.fixture.ts';
import { type ConsolePage, faultsInLook, LOOKS, openConsolePage, PATIENCE } from './console-page.fixture.ts';

const HOUR_MS = 3_600_000;

let world: ConsoleWorld;
let opened: ConsolePage;
let page: Page;
let uuids: string[];
let sick: string;

const at = (id: string) => opened.at(id);
const episode = (gpu_uuid: string, hours_ago: number): Episode => {
  const ts = Math.floor(systemClock.now() / 1_000) * 1_000 - hours_ago * HOUR_MS;
  return {
    ts,
    gpu_uuid,
    node: world.fleet.node_names[0] ?? '',
    instance: '',
    id: `e-${gpu_uuid}-${hours_ago}`,
    xids: [64],
    primary_xid: 64,
    anomalies: [],
    severity: 'critical',
    category: 'memory',
    action: 'replace_gpu',
    explanation: 'XID 64: a row could not be remapped.',
    started_at: ts,
    ended_at: ts + 60_000,
    count: 1,
    reset_at: null,
    cured: null,
    job: '',
  };
};

beforeAll(async () => {
  await ensureConsoleBuilt();
  const start_ms = systemClock.now();
  world = await startConsoleWorld({ gpus: 16, start_ms, interval_ms: 10_000, stale_after_ms: 3_000 });
  uuids = world.fleet.gpuUuids();
  sick = uuids[3] ?? '';
  world.feed(start_ms, 'live');
  opened = await openConsolePage();
  page = opened.page;
}, 600_000);
afterAll(async () => {
  await opened?.close();
  await world?.stop();
});

describe('the page of failures', () => {
  it('is a link away and says that nothing is told of yet', async () => {
    await page.goto(world.api_url);
    await at('to-labels').click();
    expect(new URL(page.url()).pathname).toBe('/labels');
    await at('no-suggestion').waitFor();
    await at('no-label').waitFor();
    expect(opened.faults).toEqual([]);
  });

  it('takes a failure by hand, and says what is wrong with one', async () => {
    await page.getByLabel('GPU', { exact: true }).fill('GPU-that-nobody-knows');
    await page.getByLabel('Failed at').fill('2026-01-05T10:30');
    await page.getByRole('button', { name: 'Tell of a failure' }).click();
    await expect
      .poll(() => at('label-answer').innerText(), PATIENCE)
      .toContain('No GPU GPU-that-nobody-knows is known');
    await page.getByLabel('GPU', { exact: true }).fill(uuids[5] ?? '');
    await at('label-form').getByLabel('Type of failure').selectOption('power');
    await page.getByLabel('Note').fill('fell off, twice');
    await page.getByLabel('Note').press('Enter');
    await expect.poll(() => at('label-answer').innerText(), PATIENCE).toContain('is stored');
    const entry = at('label-list').locator(`[data-gpu="${uuids[5]}"]`);
    await expect
      .poll(() => entry.innerText(), PATIENCE)
      .toMatch(/power · confirmed[\s\S]+from a person[\s\S]+fell off, twice/);
    expect(opened.faults.filter((text) => !text.includes('404'))).toEqual([]);
    await entry.getByRole('button', { name: 'Take back' }).click();
    await expect.poll(() => entry.getAttribute('data-status'), PATIENCE).toBe('rejected');
    await entry.getByRole('button', { name: 'Confirm after all' }).click();
    await expect.poll(() => entry.getAttribute('data-status'), PATIENCE).toBe('confirmed');
  });

  describe('with failures that fault stories suggest', () => {
    const waiting = () => at('label-suggestions').locator('li');

    beforeAll(async () => {
      await world.verdicts({ episodes: [episode(sick, 100), episode(uuids[4] ?? '', 200)] });
      await vi.waitFor(async () => {
        const answer = await fetch(`${world.api_url}/api/v1/failure-labels/suggestions`);
        expect(await answer.json()).toMatchObject({ total: 2 });
      }, PATIENCE);
    });

    it.each(LOOKS)('has no serious finding of axe in the %s theme, and fits %i pixels', async (...look) => {
      const faults = await faultsInLook(page, look, async () => {
        await page.reload();
        await waiting().first().waitFor();
      });
      expect(faults).toEqual([]);
    });

    it('lets a person confirm or reject them', async () => {
      await page.reload();
      await expect.poll(() => waiting().count(), PATIENCE).toBe(2);
      const first = at('label-suggestions').locator(`[data-gpu="${sick}"]`);
      expect(await first.innerText()).toContain('A critical memory episode with XID 64 asks for a replacement.');
      await first.getByLabel('Type of failure').selectOption('thermal');
      await first.getByRole('button', { name: 'Confirm' }).click();
      await expect.poll(() => waiting().count(), PATIENCE).toBe(1);
      const told = at('label-list').locator(`[data-gpu="${sick}"]`);
      expect(await told.innerText()).toMatch(/thermal · confirmed[\s\S]+from a fault story/);
      await waiting().first().getByRole('button', { name: 'Reject' }).click();
      await at('no-suggestion').waitFor();
      expect(await at('label-list').locator('[data-status="rejected"]').count()).toBe(1);
      expect(opened.faults).toEqual([]);
    });
  });

  it('fits a narrow screen in both themes', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    for (const _theme of ['dark', 'light']) {
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(wide).toBeLessThanOrEqual(360);
      await page.getByRole('button', { name: /Use the .+ theme/ }).click();
    }
    expect(await at('label-form').getByRole('button').isVisible()).toBe(true);
    expect(opened.faults).toEqual([]);
  });
});
