import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../pipeline/clock.ts';
import type { Anomaly, Episode, Incident } from '../../pipeline/contract/events.ts';
import { anomalyOf } from '../../sinks/live/fleet.fixture.ts';
import { type ConsoleWorld, ensureConsoleBuilt, startConsoleWorld } from './console.fixture.ts';
import { type ConsolePage, faultsInLook, LOOKS, openConsolePage, PATIENCE } from './console-page.fixture.ts';
import { forecastOf, scoreOf } from './console-rows.fixture.ts';
import { decisionOf, predictionOf } from './foreseen.fixture.ts';

const GPUS = 16;
const FEED_MS = 250;
const MINUTE_MS = 60_000;

let world: ConsoleWorld;
let opened: ConsolePage;
let page: Page;
let feeding: ReturnType<typeof setInterval> | undefined;
let uuids: string[];
let sick: string;
let costly: string;

const at = (id: string) => opened.at(id);
const address = (): string => page.url().slice(world.api_url.length);
const open = async (path: string): Promise<void> => {
  await page.goto(world.api_url + path);
};
const nodeOf = (uuid: string): string => world.fleet.node_names[Math.floor(uuids.indexOf(uuid) / 8)] ?? '';
const who = (gpu_uuid: string) => ({ gpu_uuid, node: nodeOf(gpu_uuid), instance: '' });
const start = systemClock.now();
const ago = (minutes: number): number => start - minutes * MINUTE_MS;

const anomaly = (id: string, gpu_uuid: string, changes: Partial<Anomaly> = {}): Anomaly =>
  anomalyOf({ ...who(gpu_uuid), id, ts: ago(20), opened_at: ago(20), ...changes });

const episode = (changes: Partial<Episode> = {}): Episode => ({
  ...who(sick),
  ts: ago(30),
  id: 'e-1',
  xids: [48, 45],
  primary_xid: 48,
  anomalies: ['zscore'],
  severity: 'critical',
  category: 'memory',
  action: 'drain_and_reset',
  explanation: 'XID 48 with 45 following from it.',
  started_at: ago(30),
  ended_at: null,
  count: 3,
  reset_at: null,
  cured: null,
  job: 'ml/train-7',
  ...changes,
});

const incident = (): Incident => ({
  ts: ago(25),
  gpu_uuid: '',
  node: nodeOf(sick),
  id: 'i-1',
  scope: 'node',
  origin: nodeOf(sick),
  category: 'memory',
  severity: 'critical',
  state: 'open',
  gpus: [sick, uuids[4] ?? ''],
  nodes: [nodeOf(sick)],
  episodes: ['e-1', 'e-2'],
  evidence: ['XID 48 on 2 GPUs, at once.'],
  action: 'reboot_node',
  summary: 'Two GPUs of one node fail at once. Reboot the node.',
  opened_at: ago(25),
  closed_at: null,
});

beforeAll(async () => {
  await ensureConsoleBuilt();
  world = await startConsoleWorld({
    gpus: GPUS,
    start_ms: start - 10 * MINUTE_MS,
    interval_ms: 10_000,
    stale_after_ms: 5_000,
  });
  uuids = world.fleet.gpuUuids();
  [sick = '', costly = ''] = [uuids[3], uuids[12]];
  feeding = setInterval(() => world.feed(systemClock.now(), 'live'), FEED_MS);
  const board = (uuid: string) => ({ gpu_uuid: uuid, node: nodeOf(uuid), ts: systemClock.now() });
  const about = (p30: number) => ({ health: 80, p30, utilisation: 0.9 });
  await world.verdicts({
    scores: [scoreOf({ ...who(sick), ts: systemClock.now() })],
    episodes: [
      episode(),
      episode({ ...who(uuids[4] ?? ''), id: 'e-2', ts: ago(29), started_at: ago(29) }),
      episode({
        ...who(costly),
        id: 'e-3',
        ts: ago(300),
        started_at: ago(300),
        ended_at: ago(280),
        xids: [63],
        primary_xid: 63,
        severity: 'warning',
        reset_at: ago(285),
        cured: true,
      }),
    ],
    incidents: [incident()],
    forecasts: [1, 7].map((days) => forecastOf({ ...who(sick), ts: ago(30) }, days)),
    predictions: [predictionOf(board(costly), 0.4), predictionOf(board(uuids[10] ?? ''), 0.02)],
    decisions: [decisionOf(board(costly), about(0.4)), decisionOf(board(uuids[10] ?? ''), about(0.02))],
  });
  await world.anomaly(anomaly('a-cheap', uuids[10] ?? '', { severity: 'warning', score: 99 }));
  await world.anomaly(anomaly('a-costly', costly, { severity: 'warning', score: 3, detector: 'ewma' }));
  await world.anomaly(anomaly('a-note', uuids[11] ?? '', { severity: 'info', type: 'held_idle' }));
  await world.anomaly(
    anomaly('a-over', uuids[5] ?? '', { state: 'closed', ts: ago(50), opened_at: ago(50), closed_at: ago(40) }),
  );
  opened = await openConsolePage();
  page = opened.page;
}, 600_000);

afterAll(async () => {
  clearInterval(feeding);
  await opened?.close();
  await world?.stop();
});

beforeEach(() => {
  opened.faults.length = 0;
});

describe('the keys', () => {
  it('lead to every page, tell of themselves, and bring one back', async () => {
    await open('/');
    await at('fleet-heatmap').waitFor();
    for (const [key, id] of [
      ['a', 'anomalies-page'],
      ['e', 'episodes-page'],
      ['t', 'pipeline-page'],
      ['i', 'open-incidents'],
    ] as const) {
      await page.keyboard.press('g');
      await page.keyboard.press(key);
      await at(id).waitFor();
    }
    await page.keyboard.press('?');
    await at('keys-help').getByText('Next and previous row').waitFor();
    await page.keyboard.press('Escape');
    await at('keys-help').waitFor({ state: 'hidden' });
    expect(address()).toBe('/incidents');
    await page.keyboard.press('Escape');
    await at('fleet-heatmap').waitFor();
    expect(opened.faults).toEqual([]);
  });

  it('move over rows and open them', async () => {
    await open('/anomalies?sort=newest');
    const rows = at('anomaly-table').locator('tr[data-id]');
    await expect.poll(() => rows.count(), PATIENCE).toBe(3);
    const focused = (): Promise<string | null> =>
      page.evaluate(() => document.activeElement?.closest('tr')?.getAttribute('data-id') ?? null);
    const first = await rows.nth(0).getAttribute('data-id');
    const second = await rows.nth(1).getAttribute('data-id');
    await page.keyboard.press('j');
    expect(await focused()).toBe(first);
    await page.keyboard.press('j');
    expect(await focused()).toBe(second);
    await page.keyboard.press('ArrowUp');
    expect(await focused()).toBe(first);
    await page.keyboard.press('k');
    expect(await focused()).toBe(first);
    await page.keyboard.press('Enter');
    await at('gpu-verdict').waitFor();
    expect(opened.faults).toEqual([]);
  });
});

describe('what needs someone', () => {
  it('is ranked by what waiting costs, severity before', async () => {
    await open('/');
    const needs = at('needs-me').locator('li');
    await expect.poll(() => at('cost-of-waiting').innerText(), PATIENCE).toMatch(/cost \$[\d.,]+ an hour/);
    await expect.poll(() => needs.count(), PATIENCE).toBe(3);
    const texts = await needs.allInnerTexts();
    expect(texts[0]).toMatch(/critical[\s\S]+Node /);
    expect(texts[1]).toContain('GPU 4');
    expect(texts[1]).toMatch(/\$[\d.]+ an hour/);
    expect(texts[2]).toContain('GPU 2');
    expect(opened.faults).toEqual([]);
  });
});

describe('the map', () => {
  it('zooms by keys, buttons and wheel, moves, and goes back to the whole', async () => {
    await open('/?colour=risk');
    const map = at('fleet-heatmap');
    await expect.poll(() => map.getAttribute('data-known'), PATIENCE).toBe('2');
    const scale = (): Promise<number> => map.getAttribute('data-scale').then(Number);
    await page.getByRole('button', { name: 'Zoom in' }).click();
    expect(await scale()).toBe(1.5);
    await map.focus();
    await page.keyboard.press('+');
    await expect.poll(scale, PATIENCE).toBe(2.25);
    const pixels = (): Promise<string> => map.evaluate((one) => (one as HTMLCanvasElement).toDataURL());
    const before = await pixels();
    const box = await map.boundingBox();
    const [x, y] = [(box?.x ?? 0) + 300, (box?.y ?? 0) + 60];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x - 80, y - 30, { steps: 4 });
    await page.mouse.up();
    await expect.poll(pixels, PATIENCE).not.toBe(before);
    expect(address()).toBe('/?colour=risk');
    await page.keyboard.press('0');
    await expect.poll(scale, PATIENCE).toBe(1);
    await page.mouse.move(x, y);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -400);
    await page.keyboard.up('Control');
    await expect.poll(scale, PATIENCE).toBeGreaterThan(1.5);
    expect(opened.faults).toEqual([]);
  });
});

describe('the anomalies page', () => {
  it('shows a new one as it happens, filters in the address, and the filters survive a reload', async () => {
    await open('/anomalies');
    const rows = at('anomaly-table').locator('tr[data-id]');
    const ids = (): Promise<(string | null)[]> =>
      rows.evaluateAll((all) => all.map((row) => row.getAttribute('data-id')));
    await expect.poll(ids, PATIENCE).toEqual(['a-cheap', 'a-costly', 'a-note']);
    const now = systemClock.now();
    const fresh = anomaly('a-new', uuids[14] ?? '', { severity: 'critical', ts: now, opened_at: now });
    await world.anomaly(fresh);
    await expect.poll(async () => (await ids())[0], PATIENCE).toBe('a-new');
    expect(systemClock.now() - now).toBeLessThan(5_000);
    await world.anomaly({ ...fresh, state: 'closed', closed_at: systemClock.now() });
    await expect.poll(ids, PATIENCE).toEqual(['a-cheap', 'a-costly', 'a-note']);

    await page.getByLabel('Severity').selectOption('warning');
    await page.getByLabel('Detector').selectOption('ewma');
    await expect.poll(ids, PATIENCE).toEqual(['a-costly']);
    expect(address()).toBe('/anomalies?severity=warning&detector=ewma');
    await page.reload();
    await expect.poll(ids, PATIENCE).toEqual(['a-costly']);
    await page.getByRole('searchbox').fill('nobody');
    await page.getByRole('button', { name: 'Clear the filters' }).click();
    await page.getByRole('button', { name: 'Closed' }).click();
    await expect.poll(async () => (await ids()).sort(), PATIENCE).toEqual(['a-new', 'a-over']);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'CSV' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('anomalies.csv');
    expect(opened.faults).toEqual([]);
  });
});

describe('the episodes page', () => {
  it('tells stories with their course and what their codes mean', async () => {
    await open('/episodes');
    const stories = at('episodes').locator('li.story');
    await expect.poll(() => stories.count(), PATIENCE).toBe(3);
    expect(await at('episodes-page').locator('h1').innerText()).toMatch(/2 going on, 1 over/);
    const first = stories.filter({ hasText: 'GPU 3' });
    await first.locator('summary').focus();
    await page.keyboard.press('Enter');
    await first.getByText('XID 48 with 45 following from it.').waitFor();
    expect(await first.innerText()).toMatch(
      /Memory returned data that ECC could not correct[\s\S]+The driver ended a program because of something else/,
    );
    expect(await first.getByTestId('timeline').locator('li').first().innerText()).toContain('The whole story');
    await page.getByRole('button', { name: 'Over' }).click();
    await expect.poll(() => stories.count(), PATIENCE).toBe(1);
    expect(await stories.first().innerText()).toMatch(/warning[\s\S]+XID 63[\s\S]+cured/);
    await page.reload();
    await expect.poll(() => stories.count(), PATIENCE).toBe(1);
    expect(address()).toBe('/episodes?state=closed');
    expect(opened.faults).toEqual([]);
  });

  it('an incident leads to its members, in their order', async () => {
    await open('/incidents?id=i-1');
    const lanes = page.locator('.incident.chosen').getByTestId('timeline').locator('li');
    await expect.poll(() => lanes.count(), PATIENCE).toBe(3);
    expect(await lanes.nth(1).locator('.lane-name').innerText()).toContain('GPU 3');
    await page.getByRole('link', { name: /GPU 4: the story/ }).click();
    await page.locator('.story.chosen').waitFor();
    expect(address()).toBe('/episodes?id=e-2');
    expect(opened.faults).toEqual([]);
  });
});

describe('the GPU page', () => {
  it('draws forecasts and limits, tells the steps of recovery, and gives evidence away', async () => {
    await open(`/gpus/${sick}?range=24h`);
    const plot = at('plot-temperature');
    await expect.poll(() => plot.getAttribute('data-forecasts'), PATIENCE).toBe('1');
    expect(await plot.getAttribute('data-limits')).toBe('1');
    const toggle = page.getByRole('button', { name: 'Forecast' });
    expect(await toggle.getAttribute('aria-pressed')).toBe('true');
    await toggle.click();
    expect(address()).toBe(`/gpus/${sick}?range=24h&ahead=no`);
    const recovery = at('recovery');
    await expect.poll(() => recovery.innerText(), PATIENCE).toContain('Drain the GPU and reset it');
    expect(await recovery.locator('li').count()).toBeGreaterThan(4);
    expect(await recovery.innerText()).toContain(`kubectl cordon ${nodeOf(sick)}`);
    await page.getByRole('searchbox', { name: 'Search readings' }).fill('nvlink replay');
    await expect.poll(() => at('live-value').count(), PATIENCE).toBe(1);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      at('evidence').getByRole('button', { name: 'Episodes' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/episodes\.csv$/);
    expect(opened.faults).toEqual([]);
  });
});

describe.each(LOOKS)('in the %s theme on %i pixels', (...look) => {
  it.each([
    ['/', 'fleet-heatmap'],
    ['/?view=table', 'fleet-table'],
    ['/anomalies', 'anomaly-table'],
    ['/episodes', 'episodes'],
    ['/incidents?id=i-1', 'open-incidents'],
    ['GPU', 'recovery'],
  ])('%s has no serious finding of axe and fits', async (path, id) => {
    const faults = await faultsInLook(page, look, async () => {
      await open(path === 'GPU' ? `/gpus/${sick}` : path);
      await at(id).waitFor();
    });
    expect(faults).toEqual([]);
  });
});
