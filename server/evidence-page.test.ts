import { describe, expect, it } from 'vitest';
import type { Anomaly, Asset, Episode, HealthScore } from '../pipeline/contract/events.ts';
import type { Decision, Prediction } from '../pipeline/contract/predictions.ts';
import { EVIDENCE_STYLE_HASH, type Evidence, evidencePage } from './evidence-page.ts';
import { evidencePlot, shortNumber, utcMinute } from './evidence-plot.ts';
import { htmlText } from './html-text.ts';

const START = Date.UTC(2026, 0, 10);
const DAY = 86_400_000;
const HOSTILE = `"><script>alert(1)</script><img src=x onerror='a()'>&amp;\u202e\u0000</table></style>`;

const asset = (text: string): Asset => ({
  ts: START,
  gpu_uuid: 'GPU-a',
  node: text,
  model: text,
  serial: text,
  pci_bus_id: text,
  cluster: text,
  rack: text,
  slot: text,
  owner: text,
  tenant: text,
  deployed_at: START - 300 * DAY,
  warranty_until: START + 100.5 * DAY,
  purchase_price: null,
  operating_hours: 4_000,
  registered_at: START,
  status: text,
  note: text,
  retired_at: null,
});
const score = (day: number, overall_score: number | null, text = ''): HealthScore => ({
  ts: START + day * DAY,
  gpu_uuid: 'GPU-a',
  node: text,
  instance: '',
  overall_score,
  memory_health: 40,
  thermal_health: null,
  performance_health: null,
  power_health: null,
  reliability_health: null,
  health_grade: 'critical',
  degradation_factors: [text],
  confidence: 0.8,
  memory_confidence: 1,
  thermal_confidence: 0,
  performance_confidence: 0,
  power_confidence: 0,
  reliability_confidence: 0,
  contributions: [
    { dimension: 'memory', points: 60, metric: text, value: 3, limit: null, unit: text, window: '7d', action: text },
  ],
  explanation: `health in words ${text}`,
  action: 'replace_gpu',
  profile: 'default',
});
const episode = (day: number, more: Partial<Episode> = {}, text = ''): Episode => ({
  ts: START + day * DAY,
  gpu_uuid: 'GPU-a',
  node: text,
  instance: '',
  id: text,
  xids: [48, 95],
  primary_xid: 48,
  anomalies: [text],
  severity: 'critical',
  category: text,
  action: 'reset_gpu',
  explanation: `story in words ${text}`,
  started_at: START + day * DAY,
  ended_at: START + day * DAY + 60_000,
  count: 3,
  reset_at: START + day * DAY + 120_000,
  cured: false,
  job: text,
  ...more,
});
const anomaly = (text: string): Anomaly => ({
  ts: START,
  gpu_uuid: 'GPU-a',
  node: text,
  instance: '',
  id: text,
  type: `ecc_rate${text}`,
  metric: text,
  severity: 'warning',
  score: 1,
  observed: 1,
  expected: 0,
  window: '1m',
  detector: text,
  explanation: `anomaly in words ${text}`,
  state: 'open',
  opened_at: START,
  closed_at: null,
});
const prediction = (text: string): Prediction => ({
  ts: START + 5 * DAY,
  gpu_uuid: 'GPU-a',
  node: text,
  instance: '',
  failure_prob_7d: 0.4123,
  failure_prob_30d: 0.7,
  failure_prob_90d: 0.9,
  predicted_failure_type: 'memory',
  estimated_ttf_days: null,
  ttf_low_days: null,
  ttf_high_days: null,
  confidence: 0.9,
  model_name: `ensemble${text}`,
  model_version: '3',
  contributions: [],
  explanation: text,
});
const decision = (text: string): Decision => ({
  ts: START + 5 * DAY,
  gpu_uuid: 'GPU-a',
  node: text,
  instance: '',
  decision: 'keep',
  npv_keep: 1,
  npv_sell: 0,
  npv_repurpose: 0,
  salvage_value: 0,
  expected_value: 1,
  confidence: 1,
  rationale: `rationale ${text}`,
  sensitivity: [],
  advice: 'rma',
  value_at_risk_usd_per_hour: 3,
  health: 40,
  p30: 0.7,
  utilisation: 0.8,
  profile: 'default',
});
const rising = (values: readonly (number | null)[]) => values.map((value, i) => ({ ts: START + i * DAY, value }));

const evidence = (text = '', more: Partial<Evidence> = {}): Evidence => ({
  gpu_uuid: `GPU-a${text}`,
  made_at: START + 6 * DAY,
  from: START,
  to: START + 6 * DAY,
  asset: asset(text || 'known'),
  scores: [score(1, 95), score(5, 40, text)],
  episodes: [episode(2, {}, text), episode(4, { xids: [79], reset_at: null, cured: null, ended_at: null }, text)],
  anomalies: [anomaly(text)],
  metrics: [
    { metric: 'ecc_dbe_volatile_total', points: rising([1, 4, null, 9, 2, 5]) },
    { metric: 'gpu_temp_celsius', points: rising([60, 61, 70, 66, 64, 90]) },
    ...(text === '' ? [] : [{ metric: text, points: rising([1, 2]) }]),
  ],
  prediction: prediction(text),
  decision: decision(text),
  ...more,
});
const EMPTY: Partial<Evidence> = {
  asset: null,
  scores: [],
  episodes: [],
  anomalies: [],
  metrics: [],
  prediction: null,
  decision: null,
};

/** Every element of the page, in order; throws where one is not closed. */
function elements(html: string): string[] {
  const open: string[] = [];
  const names: string[] = [];
  for (const [, slash, name, rest] of html
    .replace(/<!doctype html>/, '')
    .matchAll(/<(\/?)([a-z0-9]+)((?:"[^"]*"|[^">])*)>/gi)) {
    if (name === undefined) continue;
    names.push(name);
    if (slash === '/') {
      if (open.pop() !== name) throw new Error(`${name} is closed out of turn`);
    } else if (name !== 'meta' && !rest?.endsWith('/')) open.push(name);
  }
  if (open.length > 0) throw new Error(`${open.join(', ')} stay open`);
  return names;
}
const text = (html: string): string =>
  html
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');

describe('evidence page', () => {
  it('tells which board, its warranty, and the verdicts', () => {
    const page = text(evidencePage(evidence()));
    for (const words of [
      'RMA evidence for GPU-a',
      'Made 2026-01-16 00:00 UTC from telemetry of 2026-01-10 00:00 UTC to 2026-01-16 00:00 UTC',
      'Serial known',
      'In service since 2025-03-16 00:00 UTC',
      'until 2026-04-20 12:00 UTC, 94 days are left',
      'Health at 2026-01-15 00:00 UTC: 40 of 100, critical, confidence 0.8. health in words',
      '41.23 % within 7 days, 70 % within 30, 90 % within 90; likely memory; by ensemble 3.',
      'Advice at 2026-01-15 00:00 UTC: rma. rationale',
    ]) {
      expect(page).toContain(words);
    }
  });

  it('tells XIDs with their meaning, what was done, and whether it helped', () => {
    const page = text(evidencePage(evidence()));
    expect(page).toMatch(
      /48 [^.]*Memory returned data that ECC could not correct; whatever used it is lost\. critical 1 2026-01-12/,
    );
    expect(page).toMatch(/79 [^.]*The host can no longer reach the GPU over PCIe/);
    expect(page).toContain('Asked for: reset gpu. reset 2026-01-12 00:02 UTC no');
    expect(page).toContain('no reset seen unknown');
    expect(page).toContain('goes on');
    expect(page.indexOf('2026-01-14 00:00 UTC goes on')).toBeLessThan(page.indexOf('48, 95'));
  });

  it('tells counters with first, last, rise and restarts, and plots them', () => {
    const html = evidencePage(evidence());
    expect(text(html)).toContain('ecc_dbe_volatile_total (count) 1 2026-01-10 00:00 UTC 5 2026-01-15 00:00 UTC 11 1');
    expect(text(html)).not.toContain('gpu_temp_celsius (C) 60');
    expect(html.match(/<svg/g)).toHaveLength(3);
    expect(html.match(/class="mark"/g)).toHaveLength(6);
  });

  it.each([
    [null, 'unknown'],
    [Number.NaN, 'unknown'],
    [START - DAY, 'ended 2026-01-09 00:00 UTC, 7 days ago'],
  ])('says of a warranty until %s: %s', (warranty_until, words) => {
    expect(text(evidencePage(evidence('', { asset: { ...asset(''), warranty_until } })))).toContain(
      `Warranty ${words}`,
    );
  });

  it('escapes every text', () => {
    const html = evidencePage(evidence(HOSTILE));
    expect(html).not.toMatch(/<script|<img|onerror='|\u202e|\u0000/i);
    expect(html.match(/<\/style>/g)).toHaveLength(1);
    const plain = new Set(elements(evidencePage(evidence())));
    expect(elements(html).filter((name) => !plain.has(name))).toEqual([]);
    expect(html.match(/&#60;script&#62;/g)?.length).toBeGreaterThan(20);
    expect(html).not.toMatch(/\b(src|href|on\w+)\s*=\s*["'][^"']*["']/);
  });

  it('needs nothing from elsewhere', () => {
    const html = evidencePage(evidence());
    expect(html).not.toMatch(/https?:|url\(|@import|<script|<link|src=|href=/);
    expect(html).toContain('@media print');
    expect(EVIDENCE_STYLE_HASH).toMatch(/^'sha256-[A-Za-z0-9+/]{43}='$/);
  });

  it('says of what is missing that it is missing', () => {
    const html = evidencePage(evidence('', EMPTY));
    expect(() => elements(html)).not.toThrow();
    for (const what of ['verdict', 'XID', 'episode', 'anomaly', 'counter', 'reading']) {
      expect(text(html)).toContain(`No ${what} in this time.`);
    }
  });

  it('shows the newest rows and says how many are left out', () => {
    const episodes = Array.from({ length: 230 }, (_, i) => episode(i / 50, { explanation: `story ${i}!` }));
    const page = text(evidencePage(evidence('', { episodes })));
    expect(page).toContain('story 229!');
    expect(page).not.toContain('story 29!');
    expect(page).toContain('30 older ones are left out.');
  });

  it('turns numbers and instants that are none into dashes', () => {
    const nonsense = evidence('', {
      made_at: Number.NaN,
      scores: [score(Number.NaN, Number.NaN)],
      metrics: [{ metric: 'pcie_replay_total', points: rising([Number.NaN, Number.POSITIVE_INFINITY, 3]) }],
    });
    const html = evidencePage(nonsense);
    expect(html).not.toMatch(/NaN|Infinity/);
    expect(html).toContain('Made \u2013 from');
  });
});

describe('evidence plot', () => {
  const options = { title: 'x', marks: [], from: START, to: START + 100 * DAY };
  const path = (svg: string): string => /class="line" d="([^"]*)"/.exec(svg)?.[1] ?? '';

  it('keeps every spike of many readings in few points', () => {
    const points = Array.from({ length: 50_000 }, (_, i) => ({
      ts: START + (i / 500) * DAY,
      value: i === 31_234 ? 1_000 : i % 7,
    }));
    const drawn = path(evidencePlot({ points }, options));
    expect(drawn.length).toBeLessThan(40_000);
    expect(drawn).toContain(' 6.0');
  });

  it('draws no line over a silence, and a dot for a reading alone', () => {
    const points = [0, 1, 2, 50, 99, 100].map((day) => ({ ts: START + day * DAY, value: day }));
    expect(path(evidencePlot({ points }, options)).match(/M/g)).toHaveLength(3);
  });

  it('is empty without readings in the span, and straight for one value', () => {
    expect(evidencePlot({ points: [{ ts: START - DAY, value: 1 }] }, options)).toBe('');
    expect(path(evidencePlot({ points: rising([5, 5, 5]) }, options))).not.toContain('NaN');
  });

  it.each([
    [null, '\u2013'],
    [0, '0'],
    [54_700_000_000, '54,700,000,000'],
    [0.123_456, '0.1235'],
    [3e18, '3.00e+18'],
    [12_345.6, '12,346'],
  ])('writes %s as %s', (value, words) => expect(shortNumber(value)).toBe(words));

  it('writes instants by the minute', () => {
    expect(utcMinute(START)).toBe('2026-01-10 00:00 UTC');
    expect(utcMinute(9e15)).toBe('\u2013');
    expect(htmlText('a<b>&"\'`\u2067')).toBe('a&#60;b&#62;&#38;&#34;&#39;&#96;\ufffd');
  });
});
