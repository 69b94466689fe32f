import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ensureConsoleBuilt } from './console.fixture.ts';
import { type ConsolePage, openConsolePage, PATIENCE } from './console-page.fixture.ts';
import { startLargeFleet } from './large-fleet.fixture.ts';

/** What a page of a large fleet costs a person, milliseconds. */
interface Measured {
  /** From the click to the whole fleet on the map. */
  readonly drawn_ms: number;
  /** The longest that the page did not react until then. */
  readonly longest_block_ms: number;
  /** From a key to what it does, the worst of several while readings stream in. */
  readonly key_ms: number;
  /** The same once everything is there. */
  readonly block_while_live_ms: number;
}

let opened: ConsolePage;
let page: Page;
let fleet: Awaited<ReturnType<typeof startLargeFleet>> | undefined;

beforeAll(async () => {
  await ensureConsoleBuilt();
  opened = await openConsolePage();
  page = opened.page;
  await page.addInitScript(() => {
    const blocks: number[] = [];
    Object.assign(globalThis, { blocks });
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) blocks.push(startTime, duration);
    }).observe({ type: 'longtask', buffered: true });
  });
}, 600_000);

afterEach(async () => {
  await page.goto('about:blank');
  await fleet?.stop();
  fleet = undefined;
});
afterAll(() => opened?.close());

async function measure(url: string, gpus: number): Promise<Measured> {
  await page.goto(`${url}/?colour=temperature`, { waitUntil: 'commit' });
  const drawn_ms = await page.evaluate(
    (count) =>
      new Promise<number>((resolve) => {
        const look = (): void => {
          const map = document.querySelector<HTMLElement>('[data-testid="fleet-heatmap"]');
          if (map?.dataset.known === String(count)) requestAnimationFrame(() => resolve(performance.now()));
          else requestAnimationFrame(look);
        };
        look();
      }),
    gpus,
  );
  const longest = (from: number, to: number): Promise<number> =>
    page.evaluate(
      ([first, last]) => {
        const { blocks } = globalThis as unknown as { blocks: number[] };
        let most = 0;
        for (let i = 0; i < blocks.length; i += 2) {
          const at = blocks[i] ?? 0;
          if (at >= (first ?? 0) && at < (last ?? 0)) most = Math.max(most, blocks[i + 1] ?? 0);
        }
        return most;
      },
      [from, to],
    );
  const longest_block_ms = await longest(0, drawn_ms);
  await page.waitForFunction(() => performance.now() > 6_000);
  const settled = await page.evaluate(() => performance.now());
  let key_ms = 0;
  for (let i = 0; i < 6; i++) {
    const took = await page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          const started = performance.now();
          setTimeout(() => {
            dispatchEvent(new KeyboardEvent('keydown', { key: '/', bubbles: true }));
            requestAnimationFrame(() => resolve(performance.now() - started));
            (document.activeElement as HTMLElement | null)?.blur();
          });
        }),
    );
    key_ms = Math.max(key_ms, took);
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 350)));
  }
  const block_while_live_ms = await longest(settled, Number.MAX_VALUE);
  return { drawn_ms, longest_block_ms, key_ms, block_while_live_ms };
}

// What a quiet machine needs is in the middle; the limits leave room for one that is shared.
describe.each([
  {
    gpus: 10_000,
    live: true,
    limits: { drawn_ms: 3_000, longest_block_ms: 1_000, key_ms: 500, block_while_live_ms: 600 },
  },
  {
    gpus: 100_000,
    live: true,
    limits: { drawn_ms: 20_000, longest_block_ms: 3_000, key_ms: 2_000, block_while_live_ms: 2_000 },
  },
])('$gpus GPUs', ({ gpus, live, limits }) => {
  it('are drawn, searched, zoomed and listed', async () => {
    fleet = await startLargeFleet({ gpus, live });
    opened.faults.length = 0;
    const measured = await measure(fleet.url, gpus);
    console.info(gpus, 'GPUs', JSON.stringify(measured));
    for (const [name, limit] of Object.entries(limits)) {
      expect(measured[name as keyof Measured], name).toBeLessThan(limit);
    }
    const map = opened.at('fleet-heatmap');
    await page.getByRole('button', { name: 'Zoom in' }).click();
    await expect.poll(() => map.getAttribute('data-scale'), PATIENCE).toBe('1.5');
    await page.getByRole('button', { name: 'Whole map' }).click();

    await page.getByRole('searchbox').fill(fleet.uuids[777] ?? '');
    await page.getByText(`1 of ${gpus.toLocaleString('en-US')} GPUs`).waitFor();
    await page.getByRole('searchbox').fill('');
    await page.getByRole('button', { name: 'Table' }).click();
    const rows = opened.at('fleet-table').locator('tbody tr');
    await rows.nth(20).waitFor();
    expect(await rows.count()).toBeLessThan(200);
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    await opened
      .at('fleet-table')
      .getByText(`n${gpus / 8} · 7`)
      .waitFor();
    expect(await rows.count()).toBeLessThan(200);
    expect(opened.faults).toEqual([]);
  });
});
