import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../pipeline/clock.ts';
import type { Episode, Forecast, HealthScore, Incident } from '../../pipeline/contract/events.ts';
import { anomalyOf } from '../../sinks/live/fleet.fixture.ts';
import { type ConsoleWorld, ensureConsoleBuilt, startConsoleWorld } from './console.fixture.ts';
import { type ConsolePage, openConsolePage, PATIENCE } from './console-page.fixture.ts';
import { type Ink, inkByColumn, piecesOf, sumOf } from './plot-ink.fixture.ts';
import { SEVERITY_COLOURS } from './src/colour-scale.ts';
import { lineColour } from './src/plot-colours.ts';

const GPUS = 16;
const FEED_MS = 250;
const MINUTE_MS = 60_000;

let world: ConsoleWorld;
let opened: ConsolePage;
let page: Page;
let feeding: ReturnType<typeof setInterval> | undefined;
let uuids: string[];
let sick: string;
let silent = new Set<string>();
/** One by Kubernetes and one by Slurm inside of it, as boards that are shared in time tell. */
const USERS = [
  { namespace: 'foundation', pod: 'pretrain-70b-0', container: 'trainer', job: '' },
  { namespace: 'hpc', pod: 'mpi-3', container: '', job: '4711' },
];

beforeAll(async () => {
  await ensureConsoleBuilt();
  const start_ms = systemClock.now();
  world = await startConsoleWorld({ gpus: GPUS, start_ms, interval_ms: 10_000, stale_after_ms: 3_000 });
  uuids = world.fleet.gpuUuids();
  sick = uuids[3] ?? '';
  const users = { [sick]: USERS, [uuids[12] ?? '']: [] };
  feeding = setInterval(() => world.feed(systemClock.now(), 'live', { silent, users }), FEED_MS);
  opened = await openConsolePage();
  page = opened.page;
}, 600_000);

afterAll(async () => {
  clearInterval(feeding);
  await opened?.close();
  await world?.stop();
});

const at = (id: string) => opened.at(id);
const text = (id: string) => () => at(id).innerText();
const open = async (path: string): Promise<void> => {
  opened.faults.length = 0;
  await page.goto(world.api_url + path);
};
const nodeOf = (uuid: string): string => world.fleet.node_names[Math.floor(uuids.indexOf(uuid) / 8)] ?? '';
const ago = (minutes: number): number => systemClock.now() - minutes * MINUTE_MS;
const who = (gpu_uuid: string) => ({ gpu_uuid, node: nodeOf(gpu_uuid), instance: '' });

const scoreOf = (gpu_uuid: string, changes: Partial<HealthScore> = {}): HealthScore => ({
  ...who(gpu_uuid),
  ts: ago(3),
  overall_score: 100,
  memory_health: 100,
  thermal_health: 100,
  performance_health: 100,
  power_health: 100,
  reliability_health: 100,
  health_grade: 'excellent',
  degradation_factors: [],
  confidence: 1,
  memory_confidence: 1,
  thermal_confidence: 1,
  performance_confidence: 1,
  power_confidence: 1,
  reliability_confidence: 1,
  contributions: [],
  explanation: 'healthy (100.0 of 100): confidence 1.00.',
  action: 'none',
  profile: 'default',
  ...changes,
});

const critical = (): HealthScore =>
  scoreOf(sick, {
    ts: ago(2),
    overall_score: 40,
    memory_health: 0,
    thermal_health: null,
    thermal_confidence: 0,
    health_grade: 'critical',
    confidence: 0.85,
    contributions: [
      {
        dimension: 'memory',
        points: 8,
        metric: 'remapped_rows_uncorrectable_total',
        value: 6,
        limit: 512,
        unit: 'rows',
        window: 'life of the board',
        action: 'plan the replacement',
      },
      {
        dimension: 'memory',
        points: 92,
        metric: 'ecc_sbe_rate',
        value: 17_700,
        limit: 10,
        unit: '/s',
        window: '1m',
        action: 'drain the GPU and test its memory',
      },
    ],
    explanation: 'critical (40.0 of 100): memory lost 92 points to ecc_sbe_rate at 17700 /s against 10.',
    action: 'drain_and_reset',
  });

const episode = (): Episode => ({
  ...who(sick),
  ts: ago(10),
  id: 'e-1',
  xids: [48, 45],
  primary_xid: 48,
  anomalies: ['ecc_sbe_rate'],
  severity: 'critical',
  category: 'memory',
  action: 'drain_and_reset',
  explanation: 'XID 48 with 45 following from it.',
  started_at: ago(10),
  ended_at: null,
  count: 3,
  reset_at: null,
  cured: null,
  job: 'ml/train-7',
});

/** The same instant each time: a change rewrites the row. */
const BEGUN = ago(10);
const incident = (changes: Partial<Incident> = {}): Incident => ({
  ts: BEGUN,
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
  episodes: ['e-1'],
  evidence: ['XID 48 on 2 GPUs, at once.', 'No other node shows anything like it.'],
  action: 'reboot_node',
  summary: 'Two GPUs of one node fail at once. Reboot the node.',
  opened_at: BEGUN,
  closed_at: null,
  ...changes,
});

const forecast = (): Forecast => ({
  ...who(sick),
  ts: ago(30),
  metric: 'gpu_temp_celsius',
  horizon_ms: 86_400_000,
  expected: 84,
  low: 80,
  high: 88.4,
  limit: 88,
  eta_ts: systemClock.now() + 1_000 * MINUTE_MS,
  explanation: 'GPU temperature: 84 C in 24 h',
});

describe('before the engine has judged anything', () => {
  it('health is unknown everywhere, and all is quiet', async () => {
    await open('/');
    await expect.poll(() => at('fleet-heatmap').getAttribute('data-cells'), PATIENCE).toBe(String(GPUS));
    expect(await at('fleet-heatmap').getAttribute('data-known')).toBe('0');
    await open(`/gpus/${sick}`);
    await expect.poll(text('verdict-headline'), PATIENCE).toBe('Health is not known yet');
    expect(await at('verdict-grade').innerText()).toBe('unknown');
    expect(await page.locator('[data-testid="dimensions"]').count()).toBe(0);
    await open('/incidents');
    await expect.poll(text('no-incident'), PATIENCE).toContain('All is quiet');
    expect(opened.faults).toEqual([]);
  });
});

describe('with verdicts', () => {
  beforeAll(async () => {
    await world.verdicts({
      scores: [...uuids.filter((uuid) => uuid !== sick).map((uuid) => scoreOf(uuid)), critical()],
      episodes: [episode()],
      incidents: [
        incident(),
        incident({ id: 'i-0', ts: ago(90), state: 'closed', opened_at: ago(90), closed_at: ago(80) }),
      ],
      forecasts: [forecast()],
    });
  });

  it('the map shows health, the table sorts by it, and what needs someone says what to do', async () => {
    await open('/');
    const map = at('fleet-heatmap');
    await expect.poll(() => map.getAttribute('data-known'), PATIENCE).toBe(String(GPUS));
    expect(await map.getAttribute('aria-label')).toContain('by health');
    expect(await page.getByLabel('Colour by').inputValue()).toBe('health');
    const need = at('needs-me').getByRole('link').first();
    await expect
      .poll(() => need.innerText(), PATIENCE)
      .toMatch(/critical[\s\S]+Node [\s\S]+2 GPUs[\s\S]+Two GPUs of one node fail at once[\s\S]+Reboot the node/);

    await page.getByRole('button', { name: 'Table' }).click();
    await page.getByRole('button', { name: 'Health' }).click();
    const column = (): Promise<string[]> => at('fleet-table').locator('tbody tr td:nth-child(3)').allInnerTexts();
    await expect.poll(async () => (await column()).slice(0, 2), PATIENCE).toEqual(['critical 40.0', 'excellent 100.0']);
    expect(new URL(page.url()).search).toBe('?view=table&sort=health');
    expect(opened.faults).toEqual([]);
  });

  it('the GPU page says score, why, what to do, what happened and what is expected', async () => {
    await open(`/gpus/${sick}`);
    await expect.poll(text('verdict-headline'), PATIENCE).toBe('Critical: drain the GPU and reset it');
    const card = await at('gpu-verdict').innerText();
    expect(card).toContain(critical().explanation);
    expect(await at('verdict-score').innerText()).toMatch(/40\.0 of 100\s+critical\s+85 % confident/);
    const dimension = (name: string) => page.locator(`[data-dimension="${name}"]`);
    expect(await dimension('memory').getAttribute('data-score')).toBe('0');
    expect(await dimension('power').getAttribute('data-score')).toBe('100');
    expect(await dimension('thermal').innerText()).toMatch(/thermal\s+unknown/i);
    expect(await dimension('thermal').locator('.level').count()).toBe(0);
    const reasons = await at('points-lost').locator('li').allInnerTexts();
    expect(reasons[0]).toMatch(
      /ECC corrected rate\s+17,700 \/s against 10 \/s\s+1m\s+memory −92\.0\s+Drain the GPU and test its memory/,
    );
    expect(reasons[1]).toMatch(/Remapped rows uncorrectable\s+6 rows against 512 rows/);
    const story = at('episode-list').locator('li[data-state="open"]');
    expect(await story.innerText()).toMatch(
      /Memory: XID 48[\s\S]+goes on[\s\S]+XID 45[\s\S]+Drain the GPU and reset it/,
    );
    await story.locator('summary').focus();
    await page.keyboard.press('Enter');
    await page.getByText('XID 48 with 45 following from it.').waitFor();
    expect(await story.innerText()).toContain('In use by ml/train-7');
    expect(await at('forecast-list').innerText()).toMatch(
      /GPU temperature\s+in 1 d 84 °C \(80 to 88\)\s+Reaches the limit of 88 °C in 16 h/,
    );
    expect(opened.faults).toEqual([]);
  });

  it('a new score follows a critical anomaly without anybody asking', async () => {
    const well = uuids[12] ?? '';
    await open(`/gpus/${well}`);
    await expect.poll(text('verdict-headline'), PATIENCE).toBe('Healthy, nothing to do');
    const now = systemClock.now();
    const anomaly = anomalyOf({ ...who(well), id: 'a-1', severity: 'critical', ts: now, opened_at: now });
    await world.anomaly(anomaly);
    await expect.poll(text('verdict-headline'), PATIENCE).toBe('Being judged anew. Before: Healthy, nothing to do');
    await world.verdicts({
      scores: [scoreOf(well, { ts: now + 1, overall_score: 70, health_grade: 'fair', action: 'reset_gpu' })],
    });
    await expect.poll(text('verdict-headline'), PATIENCE).toBe('Fair: reset the GPU');
    await world.anomaly({ ...anomaly, state: 'closed', closed_at: systemClock.now() });
    expect(opened.faults).toEqual([]);
  });

  it('a silent GPU keeps its score, and says of when it is', async () => {
    await open(`/gpus/${sick}`);
    await expect.poll(text('verdict-headline'), PATIENCE).toBe('Critical: drain the GPU and reset it');
    silent = new Set([nodeOf(sick)]);
    await expect.poll(text('verdict-headline'), PATIENCE).toMatch(/^No data since .+: drain the GPU and reset it$/);
    expect(await at('verdict-sentence').innerText()).toContain('when it still reported: critical (40.0 of 100)');
    expect(await at('gpu-verdict').getAttribute('data-tone')).toBe('stale');
    silent = new Set();
    await expect.poll(() => at('gpu-verdict').getAttribute('data-tone'), PATIENCE).toBe('critical');
    expect(opened.faults).toEqual([]);
  });

  it('incidents tell scope, evidence and action, lead to their GPUs, and are a key away', async () => {
    await open('/');
    await at('fleet-heatmap').waitFor();
    await expect.poll(text('to-incidents'), PATIENCE).toMatch(/Incidents\s*1/);
    for (const key of ['g', 'i']) await page.keyboard.press(key);
    const first = at('open-incidents').locator('li[data-state="open"]');
    await first.waitFor();
    expect(new URL(page.url()).pathname).toBe('/incidents');
    expect(await first.innerText()).toMatch(
      new RegExp(`critical\\s+Node ${nodeOf(sick)}[\\s\\S]+Reboot the node[\\s\\S]+XID 48 on 2 GPUs, at once\\.`),
    );
    await at('past-incidents').locator('li[data-state="closed"]').waitFor();
    await first
      .getByRole('list', { name: 'GPUs' })
      .getByRole('link', { name: /GPU 3$/ })
      .click();
    await at('gpu-verdict').waitFor();
    expect(new URL(page.url()).pathname).toBe(`/gpus/${sick}`);

    await open('/incidents?id=i-1');
    await page.locator('.incident.chosen').waitFor();
    await world.verdicts({ incidents: [incident({ state: 'closed', closed_at: systemClock.now() })] });
    await open('/incidents');
    await at('no-incident').waitFor();
    expect(opened.faults).toEqual([]);
  });

  it('the GPU page says who uses the board now, or that nobody is told', async () => {
    const facts = () => page.getByRole('region', { name: 'This GPU' }).innerText();
    await open(`/gpus/${sick}`);
    await expect
      .poll(facts, PATIENCE)
      .toMatch(/Used by\s+pretrain-70b-0\s+foundation \/ trainer\s+4711\s+hpc \/ mpi-3$/);
    await open(`/gpus/${uuids[12]}`);
    await expect.poll(facts, PATIENCE).toContain('No pod or job is told.');
    expect(opened.faults).toEqual([]);
  });

  it('its plots shade anomalies, mark episodes, and go on dashed as foretold', async () => {
    const opened_at = ago(40);
    const hot = anomalyOf({ ...who(sick), id: 'a-hot', state: 'closed', ts: opened_at, opened_at, closed_at: ago(20) });
    await world.anomaly(hot);
    await expect
      .poll(async () => {
        const answer = await fetch(`${world.api_url}/api/v1/gpus/${sick}/anomalies`);
        return ((await answer.json()) as { total: number }).total;
      }, PATIENCE)
      .toBe(1);
    const { warning, critical } = SEVERITY_COLOURS.dark;
    const ink = (plot: string, asked: Ink): Promise<number[]> => inkByColumn(at(plot), asked);
    // Lines of the grid go over what is shaded.
    const along = async (plot: string, asked: Ink): Promise<number> => {
      const columns = await ink(plot, asked);
      return columns.filter((count) => count > 0).length / columns.length;
    };

    // Of the last hour, the anomaly lies from a third to two thirds, the episode in the last sixth.
    await open(`/gpus/${sick}?range=1h`);
    const shade = { colour: warning, alpha: [0.1, 0.25], y: [0.1, 0.9] } as const;
    await expect.poll(() => along('plot-temperature', { ...shade, x: [0.36, 0.64] }), PATIENCE).toBeGreaterThan(0.95);
    for (const x of [[0.05, 0.3] as const, [0.7, 0.8] as const]) {
      expect(sumOf(await ink('plot-temperature', { ...shade, x }))).toBe(0);
    }
    const edge = { colour: warning, alpha: [0.8, 1], x: [0.36, 0.64], y: [0, 0.03] } as const;
    expect(await along('plot-power', edge)).toBeGreaterThan(0.95);
    expect(sumOf(await ink('plot-power', { ...shade, x: [0.36, 0.64] }))).toBe(0);
    const bar = { colour: critical, alpha: [0.9, 1], y: [0.97, 1] } as const;
    expect(await along('plot-temperature', { ...bar, x: [0.86, 0.98] })).toBeGreaterThan(0.95);
    expect(sumOf(await ink('plot-temperature', { ...bar, x: [0.05, 0.8] }))).toBe(0);
    // Half seen through, and between two columns of pixels as often as not.
    const begun = await ink('plot-temperature', { ...bar, alpha: [0.2, 0.6], x: [0.8, 0.86], y: [0.1, 0.9] });
    expect(Math.max(...begun)).toBeGreaterThan(50);

    // A day back and a day ahead: now is in the middle.
    await open(`/gpus/${sick}?range=24h`);
    const ahead = { colour: lineColour('dark', 0), x: [0.55, 0.95] } as const;
    const dashes = async (): Promise<number> => piecesOf(await ink('plot-temperature', { ...ahead, alpha: [0.5, 1] }));
    await expect.poll(dashes, PATIENCE).toBeGreaterThan(6);
    expect(await along('plot-temperature', { ...ahead, alpha: [0.1, 0.25], x: [0.8, 0.95] })).toBeGreaterThan(0.95);
    expect(opened.faults).toEqual([]);
  });
});
