import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../pipeline/clock.ts';
import { cannedModels } from '../models.fixture.ts';
import { type ConsoleWorld, ensureConsoleBuilt, startConsoleWorld } from './console.fixture.ts';
import { type ConsolePage, faultsInLook, LOOKS, openConsolePage, PATIENCE } from './console-page.fixture.ts';
import { featuresOf, predictionOf } from './foreseen.fixture.ts';

const DAY_MS = 86_400_000;
/** Of the GPUs, what a challenger judges. */
const SHARE = 0.25;
/** So many days ago. */
const CAME_DAY = 40;
const FAILED_DAY = 35;
const EDGES = [60, 62, 64, 66, 68, 70, 72, 74, 76];
const REFERENCE = {
  name: 'failure-prediction',
  version: '2',
  trained_on: 'simulated' as const,
  features: ['gpu_temp_max', 'gpu_age_days', 'sm_active_mean'],
  bins: [EDGES, [100, 110, 120, 130, 140, 150, 160, 170, 180], EDGES],
  counts: [
    [...new Array(10).fill(1_000), 0],
    [...new Array(9).fill(10), 99_000, 0],
    [...new Array(10).fill(1_000), 0],
  ],
  importance: [0.6, 0.1, 0.3],
  gpus: 400,
};

let world: ConsoleWorld;
let opened: ConsolePage;
let page: Page;

const at = (id: string) => opened.at(id);
const open = async (path: string): Promise<void> => {
  opened.faults.length = 0;
  await page.goto(world.api_url + path);
};
const entry = (version: string) => at('model-list').locator(`[data-version="${version}"]`);
const order = (): Promise<(string | null)[]> =>
  at('model-list')
    .locator('li')
    .evaluateAll((list) => list.map((one) => one.getAttribute('data-version')));

/**
 * What version 2 has said daily of three boards for two months, and version 3 of one since it came: of the two that failed
 * then, and of the one that failed before.
 */
async function told(now: number): Promise<void> {
  const uuids = world.fleet.gpuUuids();
  const said = (i: number, from_day: number, version: string, alarm: boolean) =>
    Array.from({ length: from_day - 1 }, (_, d) =>
      predictionOf(
        { gpu_uuid: uuids[i] ?? '', node: 'n', ts: now - (d + 2) * DAY_MS },
        alarm && d + 2 > FAILED_DAY ? 0.4 : 0.01,
        { model_version: version },
      ),
    );
  const champion = [0, 1, 2].flatMap((i) => said(i, 60, '2', false));
  await world.verdicts({ predictions: [...champion, ...said(3, CAME_DAY, '3', true)] });
  for (const [i, day] of [
    [0, FAILED_DAY],
    [3, FAILED_DAY],
    [1, CAME_DAY + 10],
  ] as const) {
    const body = JSON.stringify({ gpu_uuid: uuids[i], failed_at: now - day * DAY_MS, type: 'memory' });
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch(`${world.api_url}/api/v1/failure-labels`, { method: 'POST', body, headers });
    expect(answer.status).toBe(201);
  }
}

beforeAll(async () => {
  await ensureConsoleBuilt();
  const now = Math.floor(systemClock.now() / 1_000) * 1_000;
  world = await startConsoleWorld({
    gpus: 64,
    start_ms: now,
    interval_ms: 10_000,
    stale_after_ms: 600_000,
    models: cannedModels(systemClock, REFERENCE, SHARE),
  });
  world.feed(now, 'live');
  await world.verdicts({
    vectors: world.fleet
      .gpuUuids()
      .map((gpu_uuid, i) =>
        featuresOf({ gpu_uuid, node: 'n', ts: now - 60_000 - i }, { gpu_temp_max: 90, gpu_age_days: 200 + i }),
      ),
  });
  await told(now);
  opened = await openConsolePage();
  page = opened.page;
}, 600_000);
afterAll(async () => {
  await opened?.close();
  await world?.stop();
});

describe('the page of models', () => {
  it('is a key away, and says who judges and what it learned from', async () => {
    await open('/');
    await at('fleet-heatmap').waitFor();
    for (const key of ['g', 'v']) await page.keyboard.press(key);
    await expect.poll(order, PATIENCE).toEqual(['2', '3', '1', 'heuristic']);
    const champion = await entry('2').innerText();
    expect(champion).toMatch(/judges every GPU\s+champion\s+trained on simulated fleets/);
    expect(champion).toMatch(/AUC, in training\s+0\.93/);
    expect(await entry('heuristic').innerText()).toContain('rule of thumb, no trained model');
    expect(await entry('2').getByRole('button').count()).toBe(0);
    expect(opened.faults).toEqual([]);
  });

  it('opens one with its lineage, its card as plain text, and its history', async () => {
    await open('/models');
    await entry('1').getByRole('link').click();
    expect(new URL(page.url()).search).toBe('?version=1');
    await at('model-card').waitFor();
    expect(await at('model-card').innerText()).toContain('<script>alert(1)</script>');
    expect(await at('model-card').locator('script').count()).toBe(0);
    expect(await at('model-details').innerText()).toMatch(/Rows\s+120,000[\s\S]+Seed\s+7[\s\S]+eta\s+0\.05/);
    expect(await at('model-history').innerText()).toMatch(/champion: 1 → 2, by test/);
    await open('/models?version=77');
    await at('model-details').getByText('There is no model 77').waitFor();
    expect(opened.faults.filter((text) => !text.includes('404'))).toEqual([]);
  });

  it('promotes and rolls back after asking, and says why it cannot', async () => {
    await open('/models');
    await entry('3').getByRole('button', { name: 'Make it champion' }).click();
    await page
      .getByText('Let version 3 judge the fleet from now on? It was trained on simulated fleets only.')
      .waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('Let version 3').waitFor({ state: 'detached' });
    expect(await entry('2').getAttribute('data-judges')).toBe('1');
    expect(new URL(page.url()).pathname).toBe('/models');

    await entry('3').getByRole('button', { name: 'Make it champion' }).click();
    await page.keyboard.type('better by night');
    await page.keyboard.press('Enter');
    await expect
      .poll(() => at('model-moved').innerText(), PATIENCE)
      .toMatch(/Version 3 is champion, before it was version 2/);
    await expect.poll(order, PATIENCE).toEqual(['3', '2', '1', 'heuristic']);
    await entry('3').getByRole('link').click();
    await expect.poll(() => at('model-history').innerText(), PATIENCE).toContain('by REST API: better by night');

    for (const version of ['2', '1']) {
      await page.getByRole('button', { name: 'Roll back' }).click();
      await page.locator('.confirm').getByRole('button', { name: 'Roll back' }).click();
      await expect.poll(() => entry(version).getAttribute('data-judges'), PATIENCE).toBe('1');
    }
    await page.getByRole('button', { name: 'Roll back' }).click();
    await page.locator('.confirm').getByRole('button', { name: 'Roll back' }).click();
    await page.locator('.confirm').getByRole('alert').getByText('had none before').waitFor();
    await page.getByRole('button', { name: 'Leave it' }).click();

    await entry('heuristic').getByRole('button', { name: 'Let it judge' }).click();
    await page.locator('.confirm').getByRole('button', { name: 'Let it judge' }).click();
    await expect.poll(() => entry('heuristic').getAttribute('data-judges'), PATIENCE).toBe('1');
    expect(opened.faults.filter((text) => !text.includes('409'))).toEqual([]);
  });

  it('shows what has moved since the training, furthest first', async () => {
    await open('/models');
    await expect
      .poll(() => at('drift-alarms').innerText(), PATIENCE)
      .toBe('2 of 3 features are spread unlike in training: what the model says of this fleet may be off.');
    const lines = at('drift').locator('tbody tr');
    const missing = at('drift').locator('[data-feature="sm_active_mean"]');
    expect(await missing.innerText()).toMatch(
      /SM active, mean, last 7 days\s+\d+\.\d\d\s+\(above its limit\)\s+0\.\d\d\s+not told\s+100 %\s+0 %/,
    );
    const hot = at('drift').locator('[data-feature="gpu_temp_max"]');
    expect(await hot.innerText()).toMatch(/\(above its limit\)\s+0\.\d\d\s+0\.[89]\d\s+0 %\s+0 %/);
    expect(await hot.locator('[title^="Chance alone: less than 1e-12"]').count()).toBe(1);
    // A reading that went away has not moved.
    expect(await at('drift-moved').innerText()).toBe(
      '67 % of what the model goes by has moved beyond doubt (age left out).',
    );
    expect(await lines.last().getAttribute('data-feature')).toBe('gpu_age_days');
    expect(await lines.last().getAttribute('data-alarm')).toBe('false');
    expect(await at('drift').innerText()).toContain('64 GPUs');
    expect(opened.faults).toEqual([]);
  });

  it('says so when models cannot be read, and goes on when they can', async () => {
    await page.route('**/api/v1/models?*', (route) => route.abort());
    await open('/models');
    await page.getByText('Models cannot be read just now').waitFor();
    await page.unroute('**/api/v1/models?*');
    await entry('1').waitFor();
    expect(opened.faults.filter((text) => !text.includes('ERR_FAILED'))).toEqual([]);
  });

  it.each([390, 768])('fits into %i pixels', async (width) => {
    await page.setViewportSize({ width, height: 844 });
    await open('/models?version=2');
    await at('model-card').waitFor();
    await at('drift-alarms').waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  });
});

describe('a challenger', () => {
  const promote = async (version: string, alias: string): Promise<void> => {
    const headers = { 'Content-Type': 'application/json' };
    const body = JSON.stringify({ alias });
    const answer = await fetch(`${world.api_url}/api/v1/models/${version}/promote`, { method: 'POST', body, headers });
    expect(answer.status).toBe(200);
  };

  it('stands beside the champion: how much of the fleet each judges, and how well since both do', async () => {
    await promote('2', 'champion');
    await open('/models');
    await expect.poll(() => entry('2').getAttribute('data-judges'), PATIENCE).toBe('1');
    expect(await at('champion-challenger').count()).toBe(0);
    await promote('3', 'challenger');
    await open('/models');
    const versus = at('champion-challenger');
    const row = (name: string): Promise<string[]> => versus.locator(`tr[data-figure="${name}"] td`).allInnerTexts();
    await expect.poll(() => row('Failures warned of'), PATIENCE).toEqual(['0 of 1', '1 of 1']);
    expect(await versus.locator('thead th').allInnerTexts()).toEqual([
      expect.stringMatching(/^failure-prediction 2\s+champion$/),
      expect.stringMatching(/^failure-prediction 3\s+challenger$/),
    ]);
    expect(await row('GPUs judged')).toEqual(['75 %', '25 %']);
    expect(await row('Predictions')).toEqual(['117, 33 settled', '39, 11 settled']);
    expect(await row('Precision')).toEqual(['not yet', '100 %']);
    expect(await row('Recall')).toEqual(['0 %', '100 %']);
    expect(await versus.innerText()).toMatch(/both since \d+ \w+ \d{4}, by failures within 30 days/);
    expect(await entry('3').locator('.role').innerText()).toBe('judges 25 % of the GPUs');
    expect(opened.faults).toEqual([]);
  });

  it('that has predicted nothing yet has its share told alone', async () => {
    await promote('1', 'challenger');
    await open('/models');
    const versus = at('champion-challenger');
    await versus.getByText('How well each does is told once both have predicted.').waitFor();
    expect(await versus.locator('tbody td').allInnerTexts()).toEqual(['75 %', '25 %']);
    await promote('3', 'challenger');
  });

  it.each(LOOKS)('has no serious finding of axe in the %s theme, and fits %i pixels', async (...look) => {
    const faults = await faultsInLook(page, look, async () => {
      await open('/models?version=2');
      await at('champion-challenger').locator('tr[data-figure="Recall"]').waitFor();
      await at('model-card').waitFor();
      await at('drift-alarms').waitFor();
    });
    expect(faults).toEqual([]);
  });
});
