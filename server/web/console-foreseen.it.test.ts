import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../pipeline/clock.ts';
import { cannedModels } from '../models.fixture.ts';
import { type ConsoleWorld, ensureConsoleBuilt, startConsoleWorld } from './console.fixture.ts';
import { type ConsolePage, faultsInLook, LOOKS, openConsolePage, PATIENCE } from './console-page.fixture.ts';
import { type Board, decisionOf, featuresOf, predictionOf } from './foreseen.fixture.ts';

const GPUS = 16;
const DAY_MS = 86_400_000;

let world: ConsoleWorld;
let opened: ConsolePage;
let page: Page;
let uuids: string[];
let sick: string;
let now: number;

const at = (id: string) => opened.at(id);
const open = async (path: string): Promise<void> => {
  opened.faults.length = 0;
  await page.goto(world.api_url + path);
};
const board = (i: number, ts = now - 60_000): Board => ({
  gpu_uuid: uuids[i] ?? '',
  node: world.fleet.node_names[Math.floor(i / 8)] ?? '',
  ts,
});
const rows = (): Promise<(string | null)[]> =>
  at('risk-table')
    .locator('tbody tr')
    .evaluateAll((list) => list.map((row) => row.getAttribute('data-gpu')));

beforeAll(async () => {
  await ensureConsoleBuilt();
  now = Math.floor(systemClock.now() / 1_000) * 1_000;
  world = await startConsoleWorld({
    gpus: GPUS,
    start_ms: now,
    interval_ms: 10_000,
    stale_after_ms: 600_000,
    models: cannedModels(systemClock),
  });
  uuids = world.fleet.gpuUuids();
  sick = uuids[3] ?? '';
  world.feed(now, 'live');
  opened = await openConsolePage();
  page = opened.page;
}, 600_000);
afterAll(async () => {
  await opened?.close();
  await world?.stop();
});

describe('before anything is foreseen', () => {
  it('the cards say what they wait for', async () => {
    await open(`/gpus/${sick}`);
    await at('prediction-card').getByText('Nothing is foreseen yet').waitFor();
    await at('decision-card').getByText('Nothing is decided yet').waitFor();
    expect(opened.faults).toEqual([]);
  });
});

describe('what is foreseen', () => {
  beforeAll(async () => {
    const p30 = (i: number): number => (i === 3 ? 0.42 : i === 9 ? 0.17 : 0.002 + i / 1_000);
    const past = Array.from({ length: 60 }, (_, d) =>
      [0, 1, 2].map((i) => predictionOf(board(i, now - (d + 2) * DAY_MS), i === 0 && d > 38 ? 0.4 : 0.01)),
    );
    await world.verdicts({
      predictions: [
        ...past.flat(),
        ...uuids.map((_, i) =>
          predictionOf(board(i), p30(i), i === 9 ? { predicted_failure_type: 'thermal', node: 'elsewhere' } : {}),
        ),
      ],
      decisions: uuids.map((_, i) =>
        decisionOf(board(i), { health: i === 3 ? 46 : 97, p30: p30(i), utilisation: 0.7 }),
      ),
      vectors: uuids.map((_, i) => featuresOf(board(i), { gpu_temp_max: 60 + i })),
    });
    const told = { gpu_uuid: uuids[0], failed_at: now - 35 * DAY_MS, type: 'memory' };
    const answer = await fetch(`${world.api_url}/api/v1/failure-labels`, {
      method: 'POST',
      body: JSON.stringify(told),
      headers: { 'Content-Type': 'application/json' },
    });
    expect(answer.status).toBe(201);
  });

  it('the GPU page says how likely, when, why, by whom, and what that learned from', async () => {
    await open(`/gpus/${sick}`);
    const chances = (days: number) => at('chances').locator(`[data-days="${days}"]`).innerText();
    await expect.poll(() => chances(30), PATIENCE).toMatch(/within 30 days\s+42 %/);
    expect(await chances(90)).toContain('92 %');
    const card = await at('prediction-card').innerText();
    expect(card).toMatch(/by failure-prediction 2/);
    expect(card).toMatch(/about 41 d \(80 %: 9 d to 122 d\)/);
    expect(await at('prediction-card').getByTestId('origin-badge').innerText()).toBe('trained on simulated fleets');
    const reasons = at('reasons').locator('li');
    expect(await reasons.count()).toBe(5);
    expect(await reasons.first().innerText()).toMatch(
      /Corrected memory errors, times they rose, last 7 days 212[\s\S]+odds × 3\.71/,
    );
    expect(await reasons.nth(3).getAttribute('data-direction')).toBe('lowers');
    expect(opened.faults).toEqual([]);
  });

  it('the decision says what each option is worth and what would flip it, and moves when asked what if', async () => {
    await open(`/gpus/${sick}`);
    await expect.poll(() => at('advice').innerText(), PATIENCE).toBe('Take work off it now');
    const options = at('decision-card').getByTestId('options').first().locator('li');
    expect(await options.count()).toBe(4);
    expect(await options.first().innerText()).toMatch(/Keep[\s\S]+\$[\d,]+/);
    expect(await at('flips').innerText()).toMatch(/Rent below \$[\d.]+\/h, now \$[\d.]+\/h: Sell/);
    const evidence = at('evidence').getByRole('link', { name: /Evidence/ });
    expect(await evidence.getAttribute('href')).toBe(`/api/v1/gpus/${sick}/evidence`);

    await page.getByText('What if', { exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByLabel(/^Risk within 30 days/).fill('90');
    await page.getByLabel(/^Rent/).fill('0.4');
    await page.getByLabel(/^Rent/).press('Enter');
    const answer = at('what-if-answer');
    await answer.waitFor();
    expect(await answer.getAttribute('data-decision')).toBe('sell');
    expect(await answer.innerText()).toMatch(/Sell instead of keep[\s\S]+90 % risk within 30 days[\s\S]+was \$/);
    await page.getByLabel(/^Risk within 30 days/).fill('250');
    await page.getByRole('button', { name: 'Decide with these' }).click();
    expect(
      await page.getByLabel(/^Risk within 30 days/).evaluate((one) => (one as HTMLInputElement).validity.valid),
    ).toBe(false);
    await page.getByRole('button', { name: 'As it is' }).click();
    await answer.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Decide with these' }).click();
    await expect.poll(() => answer.innerText(), PATIENCE).toMatch(/^Still keep/);
    expect(opened.faults).toEqual([]);
  });

  it('predictions are ranked, filtered in the address, and judged by what came true', async () => {
    await open('/');
    await at('fleet-heatmap').waitFor();
    for (const key of ['g', 'p']) await page.keyboard.press(key);
    await expect.poll(async () => (await rows()).slice(0, 2), PATIENCE).toEqual([sick, uuids[9]]);
    expect(await page.locator('.predictions > .head').innerText()).toMatch(/16[\s\S]*trained on simulated fleets/);
    await page.getByLabel('Type of failure').selectOption('thermal');
    await expect.poll(rows, PATIENCE).toEqual([uuids[9]]);
    expect(new URL(page.url()).search).toBe('?type=thermal');
    await page.reload();
    await expect.poll(rows, PATIENCE).toEqual([uuids[9]]);
    await page.getByLabel('Advice').selectOption('rma');
    await page.getByRole('button', { name: 'Clear the filters' }).click();
    await expect.poll(async () => (await rows()).length, PATIENCE).toBe(GPUS);
    for (const _way of ['falling', 'rising']) await at('risk-table').getByRole('button', { name: '30 days' }).click();
    await expect.poll(async () => (await rows())[0], PATIENCE).toBe(uuids[0]);
    const judged = at('how-well').locator('article').first();
    await expect.poll(() => judged.innerText(), PATIENCE).toMatch(/Failures warned of\s+1 of 1/);
    expect(await judged.innerText()).toMatch(/trained on simulated fleets[\s\S]+time has told of/);
    await page.getByLabel('Horizon').getByRole('button', { name: '7 days' }).click();
    expect(new URL(page.url()).searchParams.get('horizon')).toBe('7');
    expect(opened.faults).toEqual([]);
  });

  it('money adds up, leads to the GPUs, and to the predictions behind an advice', async () => {
    for (const key of ['g', 'm']) await page.keyboard.press(key);
    await expect.poll(() => at('money-total').innerText(), PATIENCE).toMatch(/Boards decided on\s+16/);
    expect(await at('money-total').innerText()).toMatch(/At risk per hour\s+\$\d/);
    const first = at('most-at-risk').locator('tbody tr').first();
    expect(await first.getAttribute('data-gpu')).toBe(sick);
    expect(await first.innerText()).toContain('Take work off it now');
    await page.getByRole('link', { name: 'Take work off it now' }).click();
    await expect.poll(rows, PATIENCE).toEqual([sick]);
    expect(new URL(page.url()).search).toBe('?advice=drain');
    expect(opened.faults).toEqual([]);
  });

  it.each([390, 768])('all of it fits into %i pixels', async (width) => {
    await page.setViewportSize({ width, height: 844 });
    for (const [path, id] of [
      [`/gpus/${sick}`, 'chances'],
      ['/predictions', 'how-well'],
      ['/money', 'most-at-risk'],
    ] as const) {
      await open(path);
      await at(id).waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), path).toBeLessThanOrEqual(0);
    }
    expect(opened.faults).toEqual([]);
  });

  describe.each(LOOKS)('in the %s theme on %i pixels', (...look) => {
    it.each([
      ['/predictions', 'how-well'],
      ['/money', 'most-at-risk'],
      ['GPU', 'decision-card'],
    ])('%s has no serious finding of axe and fits', async (path, id) => {
      const faults = await faultsInLook(page, look, async () => {
        await open(path === 'GPU' ? `/gpus/${sick}` : path);
        await at(id).waitFor();
        if (path !== 'GPU') return;
        await at('reasons').waitFor();
        await page.getByText('What if', { exact: true }).click();
        await page.getByRole('button', { name: 'Decide with these' }).click();
        await at('what-if-answer').waitFor();
      });
      expect(faults).toEqual([]);
    });
  });
});
