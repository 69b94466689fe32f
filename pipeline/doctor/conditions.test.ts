import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type AlertFacts, judgeAlerts } from './alerts.ts';
import { judgeCollector } from './collector.ts';
import { seen } from './finding.fixture.ts';
import { type Finding, finding } from './finding.ts';
import { planFixes } from './fix.ts';
import { judgeKeys, type KeyFacts } from './keys.ts';
import { judgeModels } from './models.ts';
import { judgeStarts, lookAtStarts } from './starts.ts';

const NOW = Date.UTC(2026, 5, 1);
const DAY = 86_400_000;

describe('keys', () => {
  const key = (expires_in_days: number | null, revoked_at: number | null = null): KeyFacts => ({
    id: '0123456789ab',
    name: 'grafana',
    expires_at: expires_in_days === null ? null : NOW + expires_in_days * DAY,
    revoked_at,
  });
  it.each<[KeyFacts[], string[]]>([
    [[], ['expiry ok']],
    [[key(null), key(90)], ['expiry ok']],
    [[key(13), key(90)], ['expiry warn']],
    [[key(-1)], ['expiry warn GV-SEC-001']],
    [[key(-1, NOW - DAY)], ['expiry ok']],
    [[key(-31)], ['expiry ok']],
  ])('%j', (keys, expected) => expect(seen(judgeKeys(keys, NOW))).toEqual(expected));

  it('names the key, never a secret', () => {
    expect(judgeKeys([key(-2)], NOW)[0]?.what).toBe('gvk_0123456789ab (grafana) expired 2.0 d ago');
  });
});

it.each([
  [{ champion: null, manifest: null }, 'champion ok'],
  [{ champion: 3, manifest: null }, 'champion fail GV-MDL-102'],
  [{ champion: 3, manifest: { created_at: NOW - DAY, data_to: null } }, 'champion ok'],
  [{ champion: 3, manifest: { created_at: NOW - 91 * DAY, data_to: null } }, 'champion warn'],
  // What it learned of counts, not when it was registered.
  [{ champion: 3, manifest: { created_at: NOW, data_to: NOW - 91 * DAY } }, 'champion warn'],
])('judges models %j', (facts, expected) => expect(seen(judgeModels(facts, NOW))).toEqual([expected]));

describe('alerts', () => {
  const of = (value: number) => [{ labels: { channel: 'pager' }, value }];
  const good: AlertFacts = {
    heard: { alerts_open: 2, alert_channel_broken: of(0), alert_channel_waiting: of(0) },
    listened_ms: 2_300,
    engine_since: NOW - 120_000,
    now: NOW,
  };
  const fine = { alert_channel_broken: of(0) };
  it.each<[Partial<AlertFacts>, string[]]>([
    [{}, ['desk ok', 'channel pager ok']],
    [{ heard: {} }, ['desk ok']],
    [
      { heard: { alert_channel_broken: of(1), alert_channel_waiting: of(4) } },
      ['desk ok', 'channel pager fail GV-ALT-004'],
    ],
    [{ heard: { ...fine, alert_channel_given_up_total: of(1) } }, ['desk ok', 'channel pager warn GV-ALT-003']],
    [{ heard: null }, ['desk fail GV-BUS-002']],
    [{ heard: null, engine_since: NOW - 10_000 }, []],
    [{ heard: null, engine_since: Number.POSITIVE_INFINITY }, []],
  ])('%j', (facts, expected) => expect(seen(judgeAlerts({ ...good, ...facts }))).toEqual(expected));
});

it.each([
  [{ ticks_skipped: 50_000 }, []],
  [{ ticks_skipped: 50_000, targets_slow: 0 }, []],
  [{ ticks_skipped: 40, targets_slow: 1 }, ['slow targets warn GV-COL-001']],
])('tells of one slow target among many, and of none that once were: %j', (heard, expected) => {
  const findings = judgeCollector({
    heard: { targets: 100, scrapes: 10_000_000, ...heard },
    listened_ms: 1,
    expected: true,
  });
  expect(seen(findings)).toEqual(['targets ok', ...expected, 'spool ok']);
});

describe('restarts', () => {
  const facts = (hour: number, lately: number, services_ended = 0) => ({
    starts: new Map([['engine', { hour, lately }]]),
    services_ended,
  });
  it.each([
    [facts(1, 1), ['restarts ok']],
    [facts(4, 1), ['engine restarts warn']],
    [facts(5, 4), ['engine restarts fail']],
    [facts(1, 0, 2), ['service restarts warn GV-SVC-005']],
    [{ starts: new Map(), services_ended: 0 }, []],
  ])('%#', (given, expected) => expect(seen(judgeStarts(given))).toEqual(expected));

  it('are counted from the end of the log', async () => {
    const data = mkdtempSync(join(tmpdir(), 'starts-'));
    try {
      expect(await lookAtStarts(data, NOW)).toEqual({ starts: new Map(), services_ended: 0 });
      const line = (minutes_ago: number, told: object): string =>
        JSON.stringify({
          level: 30,
          time: new Date(NOW - minutes_ago * 60_000).toISOString(),
          part: 'engine',
          ...told,
        });
      mkdirSync(join(data, 'logs'));
      const lines = [
        line(61, { msg: 'starts' }),
        line(50, { msg: 'starts' }),
        line(5, { code: 'GV-SVC-005', msg: 'NATS ended' }),
        line(4, { msg: 'starts', part: 'up' }),
        line(3, { msg: 'starts' }),
        'no json',
      ];
      writeFileSync(join(data, 'logs', 'gpu-vitals.log'), `${lines.join('\n')}\n`);
      const { starts, services_ended } = await lookAtStarts(data, NOW);
      expect(Object.fromEntries(starts)).toEqual({ engine: { hour: 2, lately: 1 }, up: { hour: 1, lately: 1 } });
      expect(services_ended).toBe(1);
    } finally {
      rmSync(data, { recursive: true });
    }
  });
});

describe('what --fix would do', () => {
  const suspended = (code: 'GV-SNK-003' | 'GV-SNK-004'): Finding =>
    finding('questdb', 'gpu_metrics', { state: 'fail', what: 'suspended', code });
  const letters = (reason: string): Finding =>
    finding('nats', 'dead letters', { state: 'warn', what: reason, figures: { reason, refused: 3 } });
  const disk = finding('data', 'disk', { state: 'fail', what: 'full', code: 'GV-SNK-004' });
  const foreign = finding('questdb', 'x; DROP TABLE y', { state: 'fail', what: 'suspended', code: 'GV-SNK-003' });
  const lock = finding('data', 'lock', { state: 'warn', what: 'stale' });
  const full = 'the disk is full: it would be suspended again';
  it.each<[Finding[], [string, string, string][]]>([
    [[], []],
    [[suspended('GV-SNK-003')], [['resume', 'gpu_metrics', '']]],
    [[suspended('GV-SNK-004')], [['resume', 'gpu_metrics', full]]],
    [[suspended('GV-SNK-003'), disk], [['resume', 'gpu_metrics', full]]],
    [[foreign], []],
    [[lock], [['unlock', '', '']]],
    // What input got wrong is for people to look at.
    [[letters('late'), letters('out_of_range')], []],
    [[letters('undelivered')], [['retry', 'undelivered', '']]],
    [
      [letters('refused_by_database'), suspended('GV-SNK-003')],
      [
        ['retry', 'refused_by_database', 'questdb still has failures'],
        ['resume', 'gpu_metrics', ''],
      ],
    ],
  ])('%#', (findings, expected) => {
    expect(planFixes(findings).map(({ kind, of, left_because }) => [kind, of, left_because])).toEqual(expected);
  });
});
