import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deadLetterSink } from '../../pipeline/bus/dead-letter-sink.ts';
import { RAW_STREAM } from '../../pipeline/bus/ensure-streams.ts';
import { systemClock } from '../../pipeline/clock.ts';
import type { DeadLetter } from '../../pipeline/contract/events.ts';
import { type ConsoleWorld, ensureConsoleBuilt, startConsoleWorld } from './console.fixture.ts';
import { type ConsolePage, faultsInLook, LOOKS, openConsolePage, PATIENCE } from './console-page.fixture.ts';
import { topologyReport } from './console-rows.fixture.ts';

const GPUS = 8;

let world: ConsoleWorld;
let opened: ConsolePage;
let page: Page;

const start = systemClock.now();
const at = (id: string) => opened.at(id);
const address = (): string => page.url().slice(world.api_url.length);
const open = async (path: string): Promise<void> => {
  await page.goto(world.api_url + path);
};
const tellTopology = (seconds: number): void => world.tell('vitals.topology.w0', topologyReport(start, seconds, GPUS));

beforeAll(async () => {
  await ensureConsoleBuilt();
  world = await startConsoleWorld({ gpus: GPUS, start_ms: start, interval_ms: 10_000, stale_after_ms: 5_000 });
  opened = await openConsolePage();
  page = opened.page;
}, 600_000);

afterAll(async () => {
  await opened?.close();
  await world?.stop();
});

beforeEach(() => {
  opened.faults.length = 0;
});

describe('the pipeline page', () => {
  it('draws the steps with rates, follows them, and says since when an engine is silent', async () => {
    await open('/pipeline');
    await at('no-engine').waitFor();
    let seconds = 10;
    const telling = setInterval(() => tellTopology(++seconds), 1_000);
    try {
      const cell = (step: string, column: number): Promise<string> =>
        at('step-table').locator(`tr[data-step="${step}"] td:nth-child(${column})`).innerText();
      await at('pipeline-drawing').waitFor();
      await expect.poll(() => cell('decode', 2), PATIENCE).toBe('10 /s');
      expect(await cell('decode', 3)).toBe('80 /s');
      expect(await cell('decode', 4)).toBe('60 %');
      expect(await cell('decode', 5)).toBe('60 ms');
      expect(await at('pipeline-figures').innerText()).toMatch(/Scrapes waiting\s+12/);
      expect(await at('pipeline-drawing').locator('g.step.hot').count()).toBe(1);
      await at('step-table').getByRole('button', { name: 'decode' }).click();
      expect(address()).toBe('/pipeline?step=decode');
      await page.getByText('Chosen: decode, text to columnar batches').waitFor();
    } finally {
      clearInterval(telling);
    }
    await at('stale-banner').waitFor();
    expect(await at('stale-banner').innerText()).toMatch(/w0 has told nothing since \d/);
    const top = async (id: string): Promise<number> => (await at(id).boundingBox())?.y ?? Number.NaN;
    expect(await top('stale-banner')).toBeLessThan(await top('pipeline-figures'));
    expect(opened.faults).toEqual([]);
  });
});

describe('dead letters', () => {
  const letter = (node: string, changes: Partial<DeadLetter> = {}): DeadLetter => ({
    ...{ ts: start, node, level: 'line', reason: 'unreadable_line', code: 'GV-PRS-002', step: 'normalise' },
    ...{ detail: `line 3 of ${node}: no value`, original: `DCGM_FI_DEV_GPU_TEMP{gpu="0",node="${node}"} hot\n` },
    ...changes,
  });
  const rows = () => at('dead-letters').locator('tbody tr');
  const waiting = () => rows().getByRole('button');
  const told = (): Promise<string> => at('retry-told').innerText();
  const sent = async (): Promise<number> => (await world.bus.streamState(RAW_STREAM)).messages;

  it('are none at first, and are listed by what is wrong with them', async () => {
    await open('/pipeline');
    await at('dead-letters').getByText('Nothing was refused.').waitFor();
    expect(await at('dead-letters').getByRole('button').count()).toBe(0);
    const sink = deadLetterSink(world.bus);
    for (const one of [
      letter('n1'),
      letter('n2'),
      letter('n3', { reason: 'out_of_range', code: 'GV-VAL-001', level: 'value', detail: '9999 C' }),
    ]) {
      sink.write(one);
    }
    await sink.flush();
    await sink.close();
    await open('/pipeline');
    await expect.poll(() => rows().count(), PATIENCE).toBe(3);
    expect(await at('dead-letters').getByRole('heading').innerText()).toBe('Dead letters 3 kept');
    expect(await rows().filter({ hasText: 'n3' }).innerText()).toMatch(/value\s+Out of range\s+normalise\s+9999 C/);
    await page.getByRole('button', { name: 'Unreadable line 2' }).click();
    await expect.poll(() => rows().count(), PATIENCE).toBe(2);
    expect(address()).toBe('/pipeline?reason=unreadable_line');
    await open('/pipeline?reason=no_time');
    await at('dead-letters').getByText('Nothing of this kind.').waitFor();
    await page.getByRole('button', { name: 'All reasons' }).click();
    await expect.poll(() => rows().count(), PATIENCE).toBe(3);
    expect(opened.faults).toEqual([]);
  });

  it.each(LOOKS)('have no serious finding of axe in the %s theme, and fit %i pixels', async (...look) => {
    const faults = await faultsInLook(page, look, async () => {
      await open('/pipeline');
      await rows().first().waitFor();
      await at('pipeline-drawing').waitFor();
    });
    expect(faults).toEqual([]);
  });

  it('are sent again one at a time, all of a kind and all, and those that were are left', async () => {
    await open('/pipeline');
    await page.getByRole('button', { name: /^Retry the one of n1 / }).click();
    await expect.poll(told, PATIENCE).toBe('Sent again: 1.');
    await expect.poll(() => waiting().count(), PATIENCE).toBe(2);
    expect(await rows().filter({ hasText: 'n1' }).locator('td').last().innerText()).toMatch(/^\d\d:\d\d:\d\d$/);
    expect(await sent()).toBe(1);

    await page.getByRole('button', { name: 'Unreadable line 2' }).click();
    await page.getByRole('button', { name: 'Retry all of unreadable line' }).click();
    await expect.poll(told, PATIENCE).toBe('Sent again: 1. Left: 1, sent before or not to be sent.');
    await expect.poll(() => waiting().count(), PATIENCE).toBe(0);
    await page.getByRole('button', { name: 'Unreadable line 2' }).click();
    await expect.poll(() => rows().count(), PATIENCE).toBe(3);

    await page.getByRole('button', { name: 'Retry all', exact: true }).click();
    await expect.poll(told, PATIENCE).toBe('Sent again: 1. Left: 2, sent before or not to be sent.');
    await expect.poll(() => waiting().count(), PATIENCE).toBe(0);
    expect(await sent()).toBe(3);
    expect(opened.faults).toEqual([]);
  });

  it.each(LOOKS)('that were all sent again have none either, in the %s theme on %i pixels', async (...look) => {
    const faults = await faultsInLook(page, look, async () => {
      await open('/pipeline');
      await rows().first().waitFor();
    });
    expect(faults).toEqual([]);
  });

  it('that cannot be sent say why, and stay', async () => {
    await page.route('**/api/v1/dead-letters/retry', (route) =>
      route.fulfill({ status: 503, json: { detail: 'NATS is away' }, contentType: 'application/problem+json' }),
    );
    await open('/pipeline');
    await page.getByRole('button', { name: 'Retry all', exact: true }).click();
    await expect.poll(told, PATIENCE).toBe('NATS is away');
    expect(await rows().count()).toBe(3);
    expect(await sent()).toBe(3);
    await page.unroute('**/api/v1/dead-letters/retry');
    expect(opened.faults.filter((text) => !text.includes('503'))).toEqual([]);
  });
});
