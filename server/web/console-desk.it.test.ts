import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alertOf } from '../../pipeline/alert-desk/desk.fixture.ts';
import { systemClock } from '../../pipeline/clock.ts';
import type { Alert } from '../../pipeline/contract/alerts.ts';
import type { HealthScore } from '../../pipeline/contract/events.ts';
import { anomalyOf } from '../../sinks/live/fleet.fixture.ts';
import { assetOf } from '../api.fixture.ts';
import { channelDesk } from '../channel-desk.ts';
import { startConsoleDesk } from './alert-desk.fixture.ts';
import { type ConsoleWorld, ensureConsoleBuilt, startConsoleWorld } from './console.fixture.ts';
import { type ConsolePage, faultsInLook, LOOKS, openConsolePage, PATIENCE } from './console-page.fixture.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const FEED_MS = 250;

let world: ConsoleWorld;
let desk: Awaited<ReturnType<typeof startConsoleDesk>>;
let opened: ConsolePage;
let page: Page;
let feeding: ReturnType<typeof setInterval> | undefined;
let uuids: string[];

const start = systemClock.now();
const ago = (minutes: number): number => start - minutes * MINUTE_MS;
const at = (id: string) => opened.at(id);
const open = async (path: string): Promise<void> => {
  await page.goto(world.api_url + path);
};
const address = (): string => page.url().slice(world.api_url.length);
const nodeOf = (uuid: string): string => world.fleet.node_names[Math.floor(uuids.indexOf(uuid) / 8)] ?? '';
const alert = (id: string, gpu: number, minutes: number, changes: Partial<Alert> = {}): Alert => {
  const gpu_uuid = uuids[gpu] ?? '';
  const opened_at = ago(minutes);
  return alertOf({ id, gpu_uuid, node: nodeOf(gpu_uuid), opened_at, rule: 'thermal', ...changes });
};
const poorScore = (gpu_uuid: string, ts: number): HealthScore => ({
  ...{ ts, gpu_uuid, node: nodeOf(gpu_uuid), instance: '', profile: 'default', action: 'none' },
  ...{ overall_score: 45, memory_health: 10, thermal_health: 90, performance_health: 90, power_health: 90 },
  ...{ reliability_health: 90, health_grade: 'critical', degradation_factors: [], confidence: 0.9 },
  ...{ memory_confidence: 1, thermal_confidence: 1, performance_confidence: 1, power_confidence: 1 },
  ...{ reliability_confidence: 1, contributions: [], explanation: 'critical (45.0 of 100).' },
});
const rest = async (path: string, body?: object): Promise<never> => {
  const request = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await fetch(`${world.api_url}/api/v1${path}`, body === undefined ? {} : request);
  return (await answer.json()) as never;
};

beforeAll(async () => {
  await ensureConsoleBuilt();
  const option = (name: string, value: unknown, section: string) => ({
    ...{ option: name, value, section, origin: 'default' },
    help: 'What it is for.',
  });
  const owned = { field: 'owner', values: ['hpc-team'] };
  const gone = { kind: 'webhook' as const, url: 'http://127.0.0.1:1/hook', timeout: '1s' };
  world = await startConsoleWorld({
    gpus: 16,
    start_ms: start - 10 * MINUTE_MS,
    interval_ms: 10_000,
    stale_after_ms: 5_000,
    config: [
      option('interval', '10s', 'Fleet'),
      option('detectors', { zscore: false }, 'Detection'),
      option('alert-rules', { thermal: { keep: '2h' } }, 'Alerts'),
      option('alert-channels', { gone: { ...gone, url: 'http://127.0.0.1:1/***' } }, 'Alerts'),
      option('alert-routes', { routes: [{ name: 'hpc', matchers: [owned], channels: ['gone'] }] }, 'Alerts'),
    ] as never,
    channels: channelDesk({ channels: { gone }, link: () => 'http://console', environment: {}, clock: systemClock }),
  });
  uuids = world.fleet.gpuUuids();
  desk = await startConsoleDesk(world);
  feeding = setInterval(() => world.feed(systemClock.now(), 'live'), FEED_MS);
  await world.assets(
    uuids.map((gpu_uuid, i) => assetOf(gpu_uuid, { node: nodeOf(gpu_uuid), slot: String(i % 8), rack: `r${i % 2}` })),
  );
  for (const [i, minutes] of [10, 45, 90].entries()) {
    const opened_at = Math.floor((start - (i + 1) * DAY_MS) / 1_000) * 1_000;
    const closed_at = opened_at + minutes * MINUTE_MS;
    const gpu_uuid = uuids[3] ?? '';
    await world.anomaly(
      anomalyOf({
        ...{ id: `e${i}`, gpu_uuid, node: nodeOf(gpu_uuid), type: 'nvlink_errors', detector: 'conditions' },
        ...{ severity: 'warning', state: 'closed', ts: opened_at, opened_at, closed_at },
      }),
    );
  }
  await world.verdicts({
    scores: Array.from({ length: 18 }, (_, i) => poorScore(uuids[6] ?? '', ago(10 * (i + 1)))),
  });
  await desk.alert(alert('hot', 1, 30));
  await desk.alert(alert('worse', 9, 5, { rule: 'gpu_fault', category: 'memory', summary: 'XID 48 on a GPU' }));
  await desk.alert(alert('warm', 2, 60, { severity: 'warning', rule: 'nvlink', category: 'fabric' }));
  await desk.alert(alert('note', 4, 90, { severity: 'info', rule: 'held_idle', category: 'money' }));
  await desk.alert(alert('over', 5, 50));
  await desk.alert(alert('over', 5, 50, { state: 'closed', closed_at: ago(20) }));
  opened = await openConsolePage();
  page = opened.page;
  page.addInitScript("localStorage.setItem('gpu-vitals.name', 'eve')");
}, 600_000);

afterAll(async () => {
  clearInterval(feeding);
  await opened?.close();
  await desk?.stop();
  await world?.stop();
});

beforeEach(() => {
  opened.faults.length = 0;
});

const entry = (id: string, where: Page = page) => where.locator(`.alert-entry[data-id="${id}"]`);
const ids = (): Promise<(string | null)[]> =>
  page.locator('.alert-entry').evaluateAll((all) => all.map((one) => one.getAttribute('data-id')));

describe('alerts', () => {
  it('are ranked by severity and age, grouped, filtered in the address, and new ones appear', async () => {
    await open('/alerts');
    await expect.poll(ids, PATIENCE).toEqual(['hot', 'warm', 'note', 'worse']);
    await page.getByLabel('Groups').selectOption('none');
    await expect.poll(ids, PATIENCE).toEqual(['hot', 'worse', 'warm', 'note']);
    await page.getByLabel('Severity').selectOption('warning');
    await expect.poll(ids, PATIENCE).toEqual(['warm']);
    await page.reload();
    await expect.poll(ids, PATIENCE).toEqual(['warm']);
    expect(address()).toBe('/alerts?group=none&severity=warning');
    await desk.alert(alert('new', 6, 0, { severity: 'warning' }));
    await expect.poll(ids, PATIENCE).toEqual(['warm', 'new']);
    await desk.alert(alert('new', 6, 0, { severity: 'warning', state: 'closed', closed_at: systemClock.now() }));
    await expect.poll(ids, PATIENCE).toEqual(['warm']);
    await page.getByRole('searchbox').fill('nothing like it');
    // The one filter that hides all is offered to be cleared.
    await page.getByRole('button', { name: 'Clear the filters' }).click();
    await expect.poll(ids, PATIENCE).toHaveLength(4);
    expect(opened.faults).toEqual([]);
  });

  it('are gone through and opened by keys', async () => {
    await open('/alerts?group=none');
    await expect.poll(ids, PATIENCE).toHaveLength(4);
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await expect.poll(address, PATIENCE).toBe('/alerts?group=none&id=worse');
    await at('alert-changes').waitFor();
    await page.keyboard.press('k');
    await page.keyboard.press('Enter');
    await expect.poll(address, PATIENCE).toBe('/alerts?group=none&id=hot');
    await expect.poll(() => at('alert-detail').count(), PATIENCE).toBe(1);
    await page.keyboard.press('g');
    await page.keyboard.press('h');
    await at('asset-table').waitFor();
    expect(opened.faults).toEqual([]);
  });

  it('acknowledged in one tab, are so in another within a second', async () => {
    const other = await page.context().newPage();
    try {
      await other.goto(`${world.api_url}/alerts`);
      await entry('hot', other).waitFor();
      await open('/alerts');
      await entry('hot').locator('summary').click();
      await expect.poll(address, PATIENCE).toBe('/alerts?id=hot');
      await at('alert-changes').getByText('Opened as critical').waitFor();
      await page.getByLabel('Note').fill('the fan is on its way');
      const begun = systemClock.now();
      await page.getByRole('button', { name: 'Acknowledge', exact: true }).click();
      await other.locator('.alert-entry[data-id="hot"][data-noticed="true"]').waitFor();
      expect(systemClock.now() - begun).toBeLessThan(1_000);
      await at('alert-changes').getByText('Acknowledged by eve: the fan is on its way').waitFor();
      expect(await entry('hot', other).locator('.marks').innerText()).toContain('eve');
      await page.getByLabel('Assigned to').fill('bob');
      await page.getByRole('button', { name: 'Assign' }).click();
      await entry('hot', other).getByText('→ bob').waitFor();
      await page.getByRole('button', { name: 'Take the acknowledgement back' }).click();
      await other.locator('.alert-entry[data-id="hot"][data-noticed="false"]').waitFor();
    } finally {
      await other.close();
    }
    expect(opened.faults).toEqual([]);
  });

  it('are silenced from where they are shown, with a look at what that hits; silences are extended and ended', async () => {
    await open('/alerts?id=worse');
    await page.getByRole('button', { name: 'Silence it…' }).click();
    await expect.poll(() => at('silence-preview').innerText(), PATIENCE).toContain('Hits 1 open alert:');
    await page.getByLabel('Value 1').fill('gpu_fault, thermal');
    await page.getByRole('button', { name: 'Remove comparison 2' }).click();
    await expect.poll(() => at('silence-preview').innerText(), PATIENCE).toContain('Hits 2 open alerts:');
    await page.getByLabel('Why').fill('being replaced');
    await page.getByRole('button', { name: '4 hours' }).click();
    await page.getByRole('button', { name: 'Begin the silence' }).click();
    await page.locator('.alert-entry[data-id="worse"][data-quiet="true"]').waitFor();
    await page.locator('.alert-entry[data-id="hot"][data-quiet="true"]').waitFor();
    await at('quiet-because').getByRole('link', { name: 'a silence holds' }).click();
    const silence = at('silences').locator('li.chosen');
    await expect.poll(() => silence.innerText(), PATIENCE).toMatch(/gpu_fault or thermal[\s\S]+3 h 59 min left/);
    expect(await silence.innerText()).toMatch(/2 open alerts fit[\s\S]+by eve: being replaced/);
    await silence.getByRole('button', { name: 'One day more' }).click();
    await expect.poll(() => silence.innerText(), PATIENCE).toContain('1 d 3 h left');
    await silence.getByRole('button', { name: 'End it now' }).click();
    await page.keyboard.type('it is back');
    await page.keyboard.press('Enter');
    await expect.poll(() => silence.getAttribute('data-state'), PATIENCE).toBe('expired');
    await open('/alerts');
    await page.locator('.alert-entry[data-id="worse"][data-quiet="false"]').waitFor();
    expect(opened.faults).toEqual([]);
  });

  it('that are over are a list of their own, and maintenance is planned', async () => {
    await open('/alerts');
    await page.getByRole('button', { name: 'History' }).click();
    await expect.poll(ids, PATIENCE).toContain('over');
    await page.getByLabel('Rule').selectOption('thermal');
    expect(address()).toBe('/alerts?view=history&rule=thermal');
    await page.getByRole('button', { name: 'Silences' }).click();
    await at('no-silence').waitFor();
    await page.getByRole('button', { name: 'New silence or maintenance…' }).click();
    await page.getByLabel('Field 1').selectOption('rack');
    await page.getByLabel('Value 1').fill('r77');
    await page.getByLabel('From').fill('2020-01-01T10:00');
    await page.getByRole('button', { name: 'Plan the maintenance' }).click();
    await at('silence-form').getByText('Must lie in the future').first().waitFor();
    await page.getByLabel('From').fill('');
    await page.getByRole('button', { name: 'Plan the maintenance' }).click();
    await expect.poll(() => at('silences').innerText(), PATIENCE).toMatch(/rack is r77[\s\S]+Maintenance/);
    expect(opened.faults.filter((text) => !text.includes('400'))).toEqual([]);
  });
});

describe('assets', () => {
  const row = (uuid: string) => at('asset-table').locator(`tr[data-id="${uuid}"]`);

  it('are changed one at a time, told what is wrong by field, and never over what somebody else changed', async () => {
    const [uuid = ''] = uuids;
    await open(`/assets?q=${uuid}`);
    await row(uuid).getByRole('link').click();
    const editor = at('asset-editor');
    await editor.getByLabel('Price, dollars').fill('dear');
    await editor.getByLabel('Owner').fill('hpc');
    await editor.getByRole('button', { name: 'Save 2 changes' }).click();
    const price = editor.getByLabel('Price, dollars');
    await expect.poll(() => price.getAttribute('aria-invalid'), PATIENCE).toBe('true');
    await price.fill('25000');
    // Somebody else meanwhile.
    await fetch(`${world.api_url}/api/v1/assets/${uuid}`, {
      method: 'PATCH',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ rack: 'r99' }),
    });
    await editor.getByRole('button', { name: 'Save 2 changes' }).click();
    await at('asset-conflict').getByRole('button').click();
    await expect.poll(() => editor.getByLabel('Rack (changed meanwhile)').inputValue(), PATIENCE).toBe('r99');
    expect(await editor.getByLabel('Owner').inputValue()).toBe('hpc');
    await editor.getByRole('button', { name: 'Save 2 changes' }).click();
    await at('asset-saved').waitFor();
    expect(await rest(`/assets/${uuid}`)).toMatchObject({ owner: 'hpc', rack: 'r99', purchase_price: 25_000 });
    await expect.poll(() => row(uuid).innerText(), PATIENCE).toMatch(/r99\s+hpc/);
    await editor.getByRole('button', { name: 'Retire it' }).click();
    await page.keyboard.type('sent back');
    await page.keyboard.press('Enter');
    await expect.poll(() => row(uuid).getAttribute('data-status'), PATIENCE).toBe('retired');
    expect(opened.faults.filter((text) => !/400|412/.test(text))).toEqual([]);
  });

  it('are changed many at once', async () => {
    await open('/assets?rack=r1');
    await expect.poll(() => at('assets-count').innerText(), PATIENCE).toBe('8 of 16');
    await page.getByLabel('All that are shown').check();
    const bulk = at('asset-bulk');
    await bulk.getByLabel('Change of 8 chosen').selectOption('tenant');
    await bulk.getByLabel('to', { exact: true }).fill('team-7');
    await bulk.getByRole('button', { name: 'Change 8' }).click();
    await expect.poll(() => at('bulk-outcome').innerText(), PATIENCE).toContain('8 changed.');
    expect(((await rest('/assets?tenant=team-7')) as { total: number }).total).toBe(8);
    expect(opened.faults).toEqual([]);
  });

  it('come from files, looked at before and told by line', async () => {
    await open('/assets');
    await page.getByRole('button', { name: 'Import' }).click();
    const csv = `gpu_uuid,owner,status\n${uuids[7]},ml-2,\nGPU-shelf,ml,\n${uuids[8]},ml,broken\n`;
    await page
      .getByLabel('CSV file', { exact: true })
      .setInputFiles({ name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
    await expect
      .poll(() => at('import-outcome').innerText(), PATIENCE)
      .toMatch(/would add 1, change 1[\s\S]+line 4 status must be active, maintenance or retired/);
    await page.getByRole('button', { name: 'Import 2 good rows' }).click();
    await expect.poll(() => at('import-outcome').getAttribute('data-done'), PATIENCE).toBe('true');
    await expect.poll(() => at('assets-count').innerText(), PATIENCE).toBe('17');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'CSV', exact: true }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('assets.csv');
    const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n');
    expect(lines[0]).toMatch(/^ts,gpu_uuid,/);
    expect(lines.length).toBe(18);
    expect(opened.faults).toEqual([]);
  });
});

describe('settings', () => {
  it('show what a change of a rule would have told of the last week, and what to write for it', async () => {
    await open('/settings?rule=nvlink');
    const form = at('rule-form');
    await form.getByLabel('Must hold for').fill('soon');
    await form.getByRole('button').click();
    await form
      .getByText(/must be a duration/)
      .first()
      .waitFor();
    await form.getByLabel('Must hold for').fill('1h');
    await form.getByRole('button').click();
    await expect.poll(() => at('preview-now').innerText(), PATIENCE).toBe('2');
    expect(await at('preview-changed').innerText()).toBe('1');
    expect(await at('rule-yaml').innerText()).toContain('nvlink:\n    for: 1h');
    expect(opened.faults.filter((text) => !text.includes('400'))).toEqual([]);
  });

  it('tell what a threshold of health would have told', async () => {
    await open('/settings?rule=health_poor');
    const form = at('rule-form');
    await form.getByLabel('overall_score below').fill('40');
    await form.getByRole('button').click();
    await expect.poll(() => at('preview-now').innerText(), PATIENCE).toBe('1');
    expect(await at('preview-changed').innerText()).toBe('0');
    expect(await at('rule-preview').innerText()).toMatch(/No longer told[\s\S]+health 45 of 100/);
    expect(opened.faults).toEqual([]);
  });

  it('show channels without secrets, who is told through them, and try them', async () => {
    await open('/settings?view=channels');
    await page.getByRole('button', { name: 'Send a test to gone' }).click();
    await expect.poll(() => at('channel-answer').innerText(), PATIENCE).toContain('Not taken');
    expect(await at('routes').innerText()).toMatch(/"name": "hpc"[\s\S]+"hpc-team"[\s\S]+"channels": \[\s+"gone"/);
    await page.getByRole('button', { name: 'Detectors' }).click();
    await expect.poll(() => at('options').innerText(), PATIENCE).toMatch(/detectors[\s\S]+"zscore":false/);
    expect(opened.faults).toEqual([]);
  });
});

describe('reports', () => {
  it('tell availability by month and group, to print too, and what was changed', async () => {
    await open('/reports');
    await at('availability-report').getByText('Nothing to tell').or(at('availability-table')).first().waitFor();
    await page.getByLabel('By', { exact: true }).selectOption('owner');
    await page.getByLabel('Month', { exact: true }).fill('2026-01');
    await expect.poll(address, PATIENCE).toBe('/reports?by=owner&month=2026-01');
    const print = await at('availability-print').getAttribute('href');
    expect(print).toBe('/api/v1/reports/availability.html?by=owner&sla=0.995&month=2026-01');
    const printed = await fetch(world.api_url + print);
    expect(await printed.text()).toContain('Availability 2026-01, by owner');
    await page.getByRole('button', { name: 'Changes' }).click();
    await expect.poll(() => at('compliance-report').innerText(), PATIENCE).toMatch(/asset[\s\S]+hpc/);
    expect(opened.faults).toEqual([]);
  });
});

describe.each(LOOKS)('in the %s theme on %i pixels', (...look) => {
  it.each([
    ['/alerts?id=hot', 'alert-changes'],
    ['/alerts?view=history', 'closed-alerts'],
    ['/alerts?view=silences', 'silences'],
    ['/assets', 'asset-table'],
    ['ASSET', 'asset-table'],
    ['/reports', 'availability-report'],
    ['/reports?view=changes', 'compliance-report'],
    ['/settings?rule=nvlink', 'rules'],
    ['/settings?view=channels', 'channels'],
    ['/settings?view=options', 'options'],
  ])('%s has no serious finding of axe and fits', async (path, id) => {
    const faults = await faultsInLook(page, look, async () => {
      await open(path === 'ASSET' ? `/assets?id=${uuids[5]}` : path);
      await at(id).waitFor();
      if (path === 'ASSET') await page.getByLabel('Owner').nth(0).waitFor();
      if (!path.includes('rule=')) return;
      await page.getByRole('button', { name: 'What would it have told?' }).click();
      await at('rule-preview').waitFor();
    });
    expect(faults).toEqual([]);
  });
});
