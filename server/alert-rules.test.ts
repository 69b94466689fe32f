import { describe, expect, it } from 'vitest';
import { DEFAULT_RULES } from '../operators/alerts/default-rules.ts';
import { settableClock } from '../pipeline/clock.ts';
import { anomalyOf } from '../sinks/live/fleet.fixture.ts';
import { apiWorld, assetOf, NOW } from './api.fixture.ts';
import { channelDesk } from './channel-desk.ts';
import { ALARM_COSTS_DEFAULT } from './model-performance.ts';

const DAY = 86_400_000;
type World = ReturnType<typeof apiWorld>;

const option = (name: string, value: unknown) => ({ option: name, value, origin: 'default', section: '', help: '' });
const world = (rules: object = {}): World =>
  apiWorld({ config: [option('alert-rules', rules), option('profile', 'default')] as never });

async function post(one: World, path: string, body: unknown): Promise<{ status: number; body: never }> {
  const response = await one.app.request(`/api/v1/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json' },
  });
  return { status: response.status, body: (await response.json()) as never };
}

/** Errors of links: one on each of three days, open for 10, 20 and 60 minutes. */
function errors(): World {
  const one = world();
  one.sample('GPU-a', { gpu_temp_celsius: 40 }, { ts: NOW });
  one.tables.assets = [assetOf('GPU-a')];
  one.tables.listed = { xid_episodes: [], incidents: [], gpu_health_scores: [], gpu_failure_predictions: [] };
  one.tables.anomalies = [10, 20, 60].map((minutes, i) => {
    const opened_at = NOW - (i + 1) * DAY;
    return anomalyOf({
      ...{ id: `E${i}`, gpu_uuid: 'GPU-a', node: 'n1', type: 'nvlink_errors', detector: 'conditions' },
      ...{ severity: 'warning', state: 'closed', ts: opened_at, opened_at, closed_at: opened_at + minutes * 60_000 },
    });
  });
  return one;
}

describe('GET /alert-rules', () => {
  it('foresee from where an alarm costs less than the failure that it may be', () => {
    const { false_alarm_usd, missed_failure_usd } = ALARM_COSTS_DEFAULT;
    const rule = DEFAULT_RULES.find(({ name }) => name === 'failure_foreseen');
    const pays_from = false_alarm_usd / (false_alarm_usd + missed_failure_usd);
    expect(rule?.when.failure_prob_30d?.above).toBeCloseTo(pays_from, 2);
  });

  it('tells the rules in effect, own ones first, and which of them are changed', async () => {
    const { body } = await world({ thermal: { for: '2h' }, hot: { on: 'anomalies' } }).json('/api/v1/alert-rules');
    expect(body.items[0]).toMatchObject({ name: 'hot', origin: 'own', for: '5m' });
    expect(body.items.find(({ name }) => name === 'thermal')).toMatchObject({ for: '2h', origin: 'changed' });
    expect(body.items.find(({ name }) => name === 'nvlink')).toMatchObject({
      origin: 'default',
      for: '15m',
      when: { severity: { at_least: 'warning' }, type: { in: ['nvlink_errors'] } },
    });
    const one = await apiWorld({ config: [] }).json('/api/v1/alert-rules?name=gpu_fault');
    expect(one.body).toMatchObject({ total: 1, items: [{ on: 'xid_episodes', alone: null, enabled: true }] });
  });
});

describe('POST /alert-rules/preview', () => {
  it('counts what the change adds and drops, by severity and day, with examples', async () => {
    const one = errors();
    const { status, body } = await post(one, 'alert-rules/preview', { rule: 'nvlink', overrides: { for: '30m' } });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      now: { rule: { total: 2, by_severity: { warning: 2, critical: 0 } }, all: { total: 2 } },
      changed: { rule: { total: 1 } },
      only_now: [{ rule: 'nvlink', gpu_uuid: 'GPU-a', opened_at: new Date(NOW - 2 * DAY + 15 * 60_000).toISOString() }],
      only_changed: [],
      rows: 3,
      cut: [],
      yaml: 'alert-rules:\n  nvlink:\n    for: 30m\n',
    });
    const { now } = body as { now: { rule: { per_day: { day: string; warning: number }[] } } };
    expect(now.rule.per_day.filter(({ warning }) => warning > 0)).toHaveLength(2);
    expect(now.rule.per_day.map(({ day }) => day)).toContain(new Date(NOW).toISOString().slice(0, 10));
    expect((await post(one, 'alert-rules/preview', { rule: 'nvlink' })).body).toMatchObject({ yaml: '', only_now: [] });
    const off = await post(one, 'alert-rules/preview', { rule: 'nvlink', overrides: { enabled: false }, span: '36h' });
    expect(off.body).toMatchObject({ now: { rule: { total: 0 } }, changed: { rule: { total: 0 } } });
  });

  it('takes a new rule, and what is configured stays beside the change', async () => {
    const one = errors();
    const told = { on: 'anomalies', when: { type: 'nvlink_errors' }, for: '0', severity: 'critical' };
    const { body } = await post(one, 'alert-rules/preview', { rule: 'links', overrides: told });
    expect(body).toMatchObject({
      now: { rule: { total: 0 }, all: { total: 2 } },
      changed: { rule: { total: 3, by_severity: { critical: 3 } }, all: { total: 3 } },
    });
    const kept = world({ nvlink: { keep: '2h', when: { score: { above: 3 } } } });
    const more = { rule: 'nvlink', overrides: { when: { observed: { above: 5 } } } };
    const { yaml } = (await post(kept, 'alert-rules/preview', more)).body as { yaml: string };
    expect(yaml).toContain('keep: 2h');
    expect(yaml).toContain('score:');
    expect(yaml).toContain('observed:');
  });

  it.each([
    [{ rule: 'nobody' }, 'rule'],
    [{ rule: 'Bad Name' }, 'rule'],
    [{ rule: 'nvlink', span: '8d' }, 'span'],
    [{ rule: 'nvlink', span: 'long' }, 'span'],
    [{ rule: 'nvlink', overrides: { for: 'soon' } }, 'overrides.for'],
    [{ rule: 'nvlink', overrides: { when: { nothing: { above: 1 } } } }, 'overrides.when.nothing'],
    [{ rule: 'nvlink', overrides: { colour: 'red' } }, 'overrides'],
    [{ rule: 'fresh', overrides: { for: '1m' } }, 'overrides.on'],
    [{ rule: 'nvlink', more: 1 }, 'more'],
  ])('refuses %j', async (body, field) => {
    const { status, body: said } = await post(world(), 'alert-rules/preview', body);
    expect(status).toBe(400);
    expect((said as { errors: { field: string }[] }).errors.map((one) => one.field)).toContain(field);
  });

  it('says when the database is away', async () => {
    const one = errors();
    one.setAway(true);
    expect(await post(one, 'alert-rules/preview', { rule: 'nvlink' })).toMatchObject({ status: 503 });
  });
});

describe('POST /alert-channels/{name}/test', () => {
  const of = (channels: object): World =>
    apiWorld({
      channels: channelDesk({
        channels: channels as never,
        link: () => 'http://console',
        environment: {},
        clock: settableClock(NOW),
      }),
    });

  it('tells why a channel did not take it, without its secrets', async () => {
    const gone = { kind: 'webhook', url: 'http://127.0.0.1:1/secret-path', timeout: '1s' };
    const blind = { kind: 'slack', url_env: 'NOT_THERE', timeout: '1s' };
    const one = of({ gone, blind });
    const { status, body } = await post(one, 'alert-channels/gone/test', {});
    expect({ status, body }).toMatchObject({ status: 200, body: { channel: 'gone', kind: 'webhook', taken: false } });
    expect((body as { answer: string }).answer).not.toBe('');
    expect(JSON.stringify(body)).not.toContain('secret-path');
    expect((await post(one, 'alert-channels/blind/test', {})).body).toMatchObject({ taken: false });
  });

  it('knows no other names, and nobody where nothing is known', async () => {
    expect((await post(of({}), 'alert-channels/ops/test', {})).status).toBe(404);
    expect((await post(of({}), 'alert-channels/__proto__/test', {})).status).toBe(400);
    expect((await post(world(), 'alert-channels/ops/test', {})).status).toBe(503);
  });
});

describe('POST /assets/preview', () => {
  it('tells what a file would do, and stores nothing', async () => {
    const one = world();
    one.tables.assets = [assetOf('GPU-a'), assetOf('GPU-b')];
    const csv = 'gpu_uuid,owner,status\nGPU-a,hpc,\nGPU-b,ml,active\nGPU-new,ml,\nGPU-bad,ml,broken\n';
    const { status, body } = await post(one, 'assets/preview', { csv });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...{ added: 1, changed: 1, unchanged: 1, refused: 1 },
      rows: [
        { line: 2, outcome: 'changed' },
        { line: 3, outcome: 'unchanged' },
        { line: 4, gpu_uuid: 'GPU-new', outcome: 'added' },
      ],
      problems: [{ line: 5, field: 'status', detail: 'must be active, maintenance or retired' }],
    });
    expect((await one.json('/api/v1/assets/GPU-a')).body).toMatchObject({ owner: 'ml' });
    expect((await one.json('/api/v1/assets/GPU-new')).status).toBe(404);
    expect((await post(one, 'assets/preview', { csv: '' })).body).toMatchObject({ problems: [{ line: 1 }] });
  });
});
