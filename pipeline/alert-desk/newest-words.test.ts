import { describe, expect, it } from 'vitest';
import type { Alert } from '../contract/alerts.ts';
import type { Database } from '../contract/database.ts';
import { milliseconds } from '../contract/time.ts';
import { alertOf, deskWorld, HOUR, MINUTE, NOON, routeOf, SECOND } from './desk.fixture.ts';
import { newestWords } from './newest-words.ts';
import { toldAgain } from './told-again.ts';

/** A database of which a test says what it answers. */
const databaseOf = (answer: (sql: string, parameters: readonly unknown[]) => Promise<object[]>): Database => ({
  query: (sql, parameters = []) => answer(sql, parameters) as Promise<never[]>,
  close: async () => undefined,
});

const AT = '2026-01-01 12:00:00 UTC';
const rows = (sql: string): object[] => {
  if (sql.includes('FROM anomalies')) return [{ metric: 'gpu_temp_celsius', instance: null }];
  if (sql.includes('FROM gpu_metrics')) {
    return [
      { at: NOON, instance: '3', value: 40 },
      { at: NOON, instance: null, value: 96.5 },
    ];
  }
  if (sql.includes('xid_episodes')) return [{ count: 7 }];
  const place = { ts: NOON, gpu_uuid: 'GPU-a', node: 'n1', instance: null };
  if (sql.includes('gpu_health_scores')) return [{ ...place, overall_score: 51.96 }];
  return [{ ...place, failure_prob_30d: 0.412 }];
};
const words = async (alert: Partial<Alert>, answer = async (sql: string) => rows(sql)) =>
  (await newestWords(databaseOf(answer), [alertOf(alert)])).get('A');

describe('how an open alert stands now', () => {
  it.each<[string, Partial<Alert>, string | undefined]>([
    ['a reading of the metric', { source: 'anomalies' }, `gpu_temp_celsius 96.5 C at ${AT}`],
    ['events of a fault story', { source: 'xid_episodes' }, '7 events so far'],
    ['health', { source: 'gpu_health_scores' }, `health 52 of 100 at ${AT}`],
    ['risk', { source: 'gpu_failure_predictions' }, `fails within 30 days with 41 % at ${AT}`],
    ['nothing of an incident', { source: 'incidents' }, undefined],
    ['nothing of what is about no GPU', { source: 'anomalies', gpu_uuid: '' }, undefined],
  ])('is %s', async (_, alert, expected) => {
    expect(await words(alert)).toBe(expected);
  });

  it('is nothing where there are no rows, or only a counter', async () => {
    expect(await words({ source: 'anomalies' }, async () => [])).toBeUndefined();
    const counter = async (sql: string) =>
      sql.includes('FROM anomalies') ? [{ metric: 'pcie_replay_total', instance: null }] : rows(sql);
    expect(await words({ source: 'anomalies' }, counter)).toBeUndefined();
  });

  it('waits for no database that is away or silent, and keeps what it had by then', async () => {
    const away = async (): Promise<object[]> => {
      throw new Error('away');
    };
    expect(await words({ source: 'anomalies' }, away)).toBeUndefined();
    let asked = 0;
    const silent = async (sql: string): Promise<object[]> =>
      ++asked > 2 ? new Promise<never>(() => undefined) : rows(sql);
    const both = [alertOf({ id: 'A' }), alertOf({ id: 'B' })];
    const found = await newestWords(databaseOf(silent), both, milliseconds(50));
    expect([...found.keys()]).toEqual(['A']);
  });
});

describe('what is told again', () => {
  it('is looked up when a repetition is due, and when it goes to others, and told with the message', () => {
    let newest = new Map<string, string>();
    const route = routeOf({ channels: ['chat'], repeat_interval: '4h', escalate_after: '1h', escalate_to: ['boss'] });
    const world = deskWorld({ route, channels: ['chat', 'boss'], newest: () => newest });
    const asked = (at: number): string[] => toldAgain(world.state(), () => at, world.clock.now()).map(({ id }) => id);
    world.take(alertOf());
    expect(asked(NOON)).toEqual([]);
    world.pass(10 * MINUTE);
    expect(asked(world.clock.now())).toEqual(['A']);
    expect(asked(world.clock.now() + 1)).toEqual([]);
    newest = new Map([
      ['A', 'gpu_temp_celsius 97 C'],
      ['B', 'none of it'],
    ]);
    world.pass(5 * HOUR);
    const told = world.told.map(({ channel, notification: { reason, alerts } }) => [
      channel,
      reason,
      alerts[0]?.newest,
    ]);
    expect(told[0]).toEqual(['chat', 'opened', undefined]);
    expect(told).toContainEqual(['boss', 'unacknowledged', 'gpu_temp_celsius 97 C']);
    expect(told).toContainEqual(['chat', 'repeated', 'gpu_temp_celsius 97 C']);
    world.take({ ...alertOf(), state: 'closed', closed_at: world.clock.now() });
    world.pass(10 * SECOND);
    expect(world.told.at(-1)?.notification.alerts[0]?.newest).toBeUndefined();
  });
});
