import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../pipeline/clock.ts';
import type { MetricName } from '../../pipeline/contract/metrics.ts';
import { anomalyOf } from '../../sinks/live/fleet.fixture.ts';
import { assetOf } from '../api.fixture.ts';
import { type ConsoleWorld, ensureConsoleBuilt, startConsoleWorld } from './console.fixture.ts';
import { type ConsolePage, openConsolePage, PATIENCE } from './console-page.fixture.ts';
import { inkByColumn, sumOf } from './plot-ink.fixture.ts';
import { lineColour } from './src/plot-colours.ts';

const GPUS = 32;
const INTERVAL_MS = 10_000;
const HISTORY_MS = 8 * 60_000;
const STALE_AFTER_MS = 4_000;
const FEED_MS = 250;
const BUNDLE_BYTES_MAX = 250_000;

const readings: Record<string, Partial<Record<MetricName, number>>> = {};
const silent = new Set<string>();
let world: ConsoleWorld;
let opened: ConsolePage;
let page: Page;
let feeding: ReturnType<typeof setInterval> | undefined;
let faults: string[];
let uuids: string[];
let first: string;

beforeAll(async () => {
  await ensureConsoleBuilt();
  const now = systemClock.now();
  const start_ms = now - HISTORY_MS;
  world = await startConsoleWorld({ gpus: GPUS, start_ms, interval_ms: INTERVAL_MS, stale_after_ms: STALE_AFTER_MS });
  uuids = world.fleet.gpuUuids();
  first = uuids[0] ?? '';
  for (const uuid of uuids) readings[uuid] = { gpu_temp_celsius: 50 };
  for (let at = start_ms; at < now; at += INTERVAL_MS) world.feed(at, 'database');
  await world.stored();
  await world.assets(
    uuids.map((uuid, i) =>
      assetOf(uuid, { node: nodeOf(uuid), rack: `rack-${Math.floor(i / 8) + 1}`, ts: now, registered_at: now }),
    ),
  );
  feeding = setInterval(() => world.feed(systemClock.now(), 'live', { readings, silent }), FEED_MS);
  opened = await openConsolePage();
  ({ page, faults } = opened);
  // Racks come with the inventory, which the page asks for when it opens.
  await vi.waitFor(async () => expect(await inventory()).toBe(GPUS), PATIENCE);
}, 600_000);

afterAll(async () => {
  clearInterval(feeding);
  await opened?.close();
  await world?.stop();
});

const inventory = async (): Promise<unknown> => {
  const answer = await fetch(`${world.api_url}/api/v1/assets?limit=1`);
  return ((await answer.json()) as { total: unknown }).total;
};
const open = async (path: string): Promise<void> => {
  faults.length = 0;
  await page.goto(world.api_url + path);
};
const at = (id: string) => page.getByTestId(id);
const counter = (id: string): Promise<string> => page.locator(`[data-counter="${id}"]`).innerText();
const set = (uuid: string, changed: Partial<Record<MetricName, number>>): void => {
  readings[uuid] = { ...readings[uuid], ...changed };
};
const calm = () => page.locator('.needs').getByText('No open anomaly.');
const address = (): string => page.url().slice(world.api_url.length);
const nodeOf = (uuid: string): string => world.fleet.node_names[Math.floor(uuids.indexOf(uuid) / 8)] ?? '';

describe('the fleet page', () => {
  it('shows every GPU, says that the fleet is simulated, and follows the readings', async () => {
    await open('/?colour=temperature');
    const map = at('fleet-heatmap');
    await expect.poll(() => map.getAttribute('data-cells'), PATIENCE).toBe(String(GPUS));
    expect(await counter('gpus')).toBe('32');
    expect(await counter('nodes')).toBe('4');
    expect(await at('simulated').innerText()).toBe('simulated fleet');
    await at('connection').filter({ hasText: 'live' }).waitFor();
    await expect.poll(() => counter('samples').then(Number.parseFloat), PATIENCE).toBeGreaterThan(1);

    const before = await pixels();
    set(first, { gpu_temp_celsius: 88 });
    await expect.poll(pixels, PATIENCE).not.toBe(before);
    await expect.poll(() => counter('temperature'), PATIENCE).toMatch(/ \/ 88 °C$/);

    const box = await map.boundingBox();
    await page.mouse.move((box?.x ?? 0) + 10, (box?.y ?? 0) + 45);
    const tip = page.locator('.tip');
    await expect.poll(() => tip.innerText(), PATIENCE).toContain(nodeOf(first));
    await expect.poll(() => tip.innerText(), PATIENCE).toContain('88 °C');
    set(first, { gpu_temp_celsius: 41 });
    await expect.poll(() => tip.innerText(), PATIENCE).toContain('41 °C');
    expect(faults).toEqual([]);
  });

  it('lists a new anomaly within a second or two, leads to its GPU, and drops it once it is closed', async () => {
    await open('/');
    await calm().waitFor();
    const uuid = uuids[9] ?? '';
    const opened = systemClock.now();
    const anomaly = anomalyOf({
      gpu_uuid: uuid,
      id: 'a-clock',
      node: nodeOf(uuid),
      metric: 'sm_clock_mhz',
      severity: 'critical',
      observed: 345,
      expected: 1_972,
      ts: opened,
      opened_at: opened,
    });
    await world.anomaly(anomaly);
    const entry = at('needs-me').getByRole('link').first();
    await entry.waitFor();
    expect(systemClock.now() - opened).toBeLessThan(2_000);
    expect(await entry.innerText()).toMatch(/critical[\s\S]+GPU 1[\s\S]+SM clock 345 MHz, expected 1,972 MHz/);
    await expect.poll(() => counter('anomalies'), PATIENCE).toMatch(/^1\s*critical/);

    await entry.click();
    expect(address()).toBe(`/gpus/${uuid}`);
    await expect.poll(() => at('gpu-verdict').innerText(), PATIENCE).toContain('1 open anomaly: SM clock 345 MHz');
    await at('anomaly-list').locator('[data-state="open"]').waitFor();
    await world.anomaly({ ...anomaly, state: 'closed', closed_at: systemClock.now() });
    await expect.poll(() => at('gpu-verdict').innerText(), PATIENCE).toContain('No open anomaly.');
    await at('anomaly-list').locator('[data-state="closed"]').waitFor();
    await page.goBack();
    await calm().waitFor();
    expect(faults).toEqual([]);
  });

  it('shows silent GPUs as stale, and as alive when they are back', async () => {
    await open('/?severity=stale');
    await page.getByText('No GPU matches').waitFor();
    const node = nodeOf(uuids[31] ?? '');
    silent.add(node);
    await expect.poll(() => counter('stale'), PATIENCE).toBe('8');
    await page.getByText('8 of 32 GPUs').waitFor();
    await page.goto(`${world.api_url}/gpus/${uuids[31]}`);
    await at('stale-banner').waitFor();
    expect(await at('verdict-headline').innerText()).toMatch(/^No data since \d\d:\d\d:\d\d$/);
    const top = async (id: string): Promise<number> => (await at(id).boundingBox())?.y ?? Number.NaN;
    expect(await top('stale-banner')).toBeLessThan(await top('prediction-card'));
    silent.delete(node);
    await at('stale-banner').waitFor({ state: 'detached' });
    await expect.poll(() => at('verdict-sentence').innerText(), PATIENCE).toMatch(/^No open anomaly\.\s+Last sample/);
    expect(faults).toEqual([]);
  });

  it('keeps filters, view and order in the address', async () => {
    uuids.forEach((uuid, i) => {
      set(uuid, { gpu_temp_celsius: 40 + i });
    });
    const node = nodeOf(uuids[8] ?? '');
    await open(`/?node=${node}&view=table&sort=-temperature`);
    const temps = (): Promise<number[]> =>
      at('fleet-table')
        .locator('tbody tr td:nth-child(5)')
        .allInnerTexts()
        .then((cells) => cells.map(Number));
    const falling = [55, 54, 53, 52, 51, 50, 49, 48];
    await expect.poll(temps, PATIENCE).toEqual(falling);
    await page.getByRole('button', { name: 'GPU °C' }).click();
    await expect.poll(temps, PATIENCE).toEqual([...falling].reverse());
    expect(address()).toBe(`/?node=${node}&view=table&sort=temperature`);
    await page.reload();
    await expect.poll(temps, PATIENCE).toEqual([...falling].reverse());

    await page.getByLabel('Node', { exact: true }).selectOption('');
    await page.getByRole('searchbox').fill('rack-2');
    await page.getByText('8 of 32 GPUs').waitFor();
    expect(address()).toBe('/?view=table&sort=temperature&q=rack-2');
    await page.getByRole('button', { name: 'Map' }).click();
    await expect.poll(() => at('fleet-heatmap').getAttribute('data-cells'), PATIENCE).toBe('8');
    await page.getByRole('searchbox').fill('nothing of the kind');
    await page.getByRole('button', { name: 'Clear the filters' }).click();
    await expect.poll(() => at('fleet-heatmap').getAttribute('data-cells'), PATIENCE).toBe(String(GPUS));
    expect(address()).toBe('/');
    expect(faults).toEqual([]);
  });

  it('is worked by keyboard alone', async () => {
    await open('/?colour=power');
    await at('fleet-heatmap').waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toBe('To the content');
    await page.keyboard.press('/');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('type'))).toBe('search');
    for (let i = 0; i < 20 && !(await at('fleet-heatmap').evaluate((one) => one === document.activeElement)); i++) {
      await page.keyboard.press('Tab');
    }
    for (const key of ['Home', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
    await expect.poll(() => page.locator('.heatmap [aria-live]').innerText(), PATIENCE).toContain('GPU 2:');
    await page.keyboard.press('Enter');
    await at('gpu-verdict').waitFor();
    expect(address()).toBe(`/gpus/${uuids[2]}`);
    await page.keyboard.press('Escape');
    await at('fleet-heatmap').waitFor();
    expect(address()).toBe('/?colour=power');
    const theme = (): Promise<string | null> => page.locator('html').getAttribute('data-theme');
    expect(await theme()).toBe('dark');
    await page.getByRole('button', { name: 'Use the light theme' }).press('Enter');
    expect(await theme()).toBe('light');
    await page.reload();
    await expect.poll(theme, PATIENCE).toBe('light');
    await page.getByRole('button', { name: 'Use the dark theme' }).press(' ');
    expect(faults).toEqual([]);
  });
});

describe('the GPU page', () => {
  it('draws the past from REST, goes on live, and tells every reading', async () => {
    set(first, { gpu_temp_celsius: 61, power_watts: 333 });
    faults.length = 0;
    const [history] = await Promise.all([
      page.waitForResponse((response) => response.url().includes(`/gpus/${first}/metrics`)),
      page.goto(`${world.api_url}/gpus/${first}?range=15m`),
    ]);
    const { items } = (await history.json()) as { items: readonly unknown[] };
    expect(items.length).toBeGreaterThan(0.9 * (HISTORY_MS / INTERVAL_MS));
    const reading = (metric: string): Promise<string> =>
      page.locator(`[data-testid="live-value"][data-metric="${metric}"]`).innerText();
    await expect.poll(() => reading('gpu_temp_celsius'), PATIENCE).toBe('61 °C');
    expect(await reading('power_watts')).toBe('333 W');
    const plot = at('plot-temperature');
    const latest = (): Promise<string> => plot.locator('.lines').innerText();
    await expect.poll(latest, PATIENCE).toMatch(/GPU\s*61/);

    // The last quarter of an hour holds eight minutes of history, so the middle has lines and the beginning has none.
    await expect.poll(() => inked(0.7, 0.8), PATIENCE).toBeGreaterThan(0);
    expect(await inked(0.05, 0.35)).toBe(0);
    set(first, { gpu_temp_celsius: 67 });
    await expect.poll(() => reading('gpu_temp_celsius'), PATIENCE).toBe('67 °C');
    await expect.poll(latest, PATIENCE).toMatch(/GPU\s*67/);
    await page.getByRole('button', { name: '24 h' }).click();
    await page.getByText('averages with lowest and highest').waitFor();
    expect(address()).toBe(`/gpus/${first}?range=24h`);
    expect(faults).toEqual([]);
  });

  it('says when the live server is gone, tries again when asked to, and goes on when it is back', async () => {
    await open(`/gpus/${first}`);
    await at('connection').filter({ hasText: 'live' }).waitFor();
    await world.stopLive();
    await at('connection-banner').waitFor();
    expect(await at('connection-banner').innerText()).toContain('What is shown is old');
    set(first, { gpu_temp_celsius: 72 });
    await page.getByRole('button', { name: 'Try now' }).click();
    await world.startLive();
    await at('connection-banner').waitFor({ state: 'detached' });
    const value = page.locator('[data-testid="live-value"][data-metric="gpu_temp_celsius"]');
    await expect.poll(() => value.innerText(), PATIENCE).toBe('72 °C');
    expect(faults).toEqual([]);
  });

  it('comes back by itself, with the whole fleet', async () => {
    await open('/');
    await at('connection').filter({ hasText: 'live' }).waitFor();
    await world.stopLive();
    await at('connection-banner').waitFor();
    await world.startLive();
    await at('connection-banner').waitFor({ state: 'detached' });
    set(first, { gpu_temp_celsius: 86 });
    await expect.poll(() => counter('temperature'), PATIENCE).toMatch(/ \/ 86 °C$/);
    expect(faults).toEqual([]);
  });

  it('says that a GPU is not known', async () => {
    await open('/gpus/GPU-of-nobody');
    await page.getByText('This GPU is not known').waitFor();
    await page.getByLabel('Where you are').getByRole('link', { name: 'Fleet' }).click();
    await at('fleet-heatmap').waitFor();
    expect(faults).toEqual([]);
  });
});

describe('all pages', () => {
  it.each([390, 768, 1_440])('fit into %i pixels', async (width) => {
    await page.setViewportSize({ width, height: 844 });
    for (const [path, id] of [
      ['/', 'fleet-heatmap'],
      ['/?view=table', 'fleet-table'],
      [`/gpus/${first}`, 'plot-power'],
      ['/incidents', 'no-incident'],
      ['/anomalies', 'no-anomaly'],
      ['/episodes', 'no-episode'],
      ['/pipeline', 'no-engine'],
      ['/predictions', 'no-prediction'],
      ['/money', 'no-money'],
      ['/models', 'no-drift'],
    ] as const) {
      await open(path);
      await at(id).waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    }
  });

  it(`weigh less than ${BUNDLE_BYTES_MAX / 1_000} kB compressed, all files together`, async () => {
    const folder = join(import.meta.dirname, '../../dist/console');
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const sizes = await Promise.all(
      files.map(async ({ parentPath, name }) => gzipSync(await readFile(join(parentPath, name))).length),
    );
    expect(sizes.length).toBeGreaterThanOrEqual(3);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(BUNDLE_BYTES_MAX);
  });
});

const pixels = (): Promise<string> =>
  at('fleet-heatmap').evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());

/** Pixels of the first line's colour in a vertical strip of the temperature plot, given in shares of its width. */
const inked = async (from: number, to: number): Promise<number> =>
  sumOf(await inkByColumn(at('plot-temperature'), { colour: lineColour('dark', 0), alpha: [0.5, 1], x: [from, to] }));
