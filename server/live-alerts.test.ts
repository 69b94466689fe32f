import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Database } from '../pipeline/contract/database.ts';
import { jsonBytes } from '../sinks/live/fleet.fixture.ts';
import { memoryBus } from '../sinks/live/memory-bus.fixture.ts';
import { liveAlerts } from './live-alerts.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const OPENED = 1_767_225_600_000;
const alertOf = (id: string, changes: object = {}) => ({
  ts: OPENED,
  gpu_uuid: 'GPU-a',
  node: 'n1',
  instance: '',
  id,
  rule: 'hot',
  severity: 'warning',
  state: 'open',
  summary: 'GPU temperature is 91 C since 10:00',
  opened_at: OPENED,
  closed_at: null,
  ...changes,
});
const handledOf = (id: string, changes: object = {}) =>
  alertOf(id, { acknowledged_by: 'ada', acknowledged_at: OPENED + 5, assigned_to: '', handling_note: '', ...changes });

/** `stored` is what the table answers; null: the database is away. */
function world(stored: object[] | null | undefined, alerts_max = 100) {
  const bus = memoryBus();
  const open = new Map<string, Record<string, unknown>>();
  let rows = stored;
  const database: Database | null =
    stored === undefined
      ? null
      : ({
          async query(sql: string, parameters: readonly unknown[]) {
            if (rows === null || rows === undefined) throw new Error('away');
            const closed = parameters.includes('closed');
            const asked = rows.filter(
              (row) =>
                (row as { state: string }).state === (closed ? 'closed' : 'open') &&
                (!closed || parameters.includes((row as { id: string }).id)),
            );
            return sql.includes('count()') ? [{ total: asked.length }] : asked.map((row) => ({ ...row }));
          },
        } as unknown as Database);
  const alerts = liveAlerts({
    bus,
    database,
    alerts_max,
    onAlert({ id, state }, json) {
      if (state === 'open') open.set(id, JSON.parse(json) as Record<string, unknown>);
      else open.delete(id);
    },
  });
  return {
    bus,
    alerts,
    open,
    answer(with_rows: object[]): void {
      rows = with_rows;
    },
    rule: (row: unknown) => bus.publish({ subject: 'alerts.warning.n1.GPU-a.hot', data: jsonBytes(row) }),
    desk: (row: unknown) => bus.publish({ subject: 'vitals.alerts.n1.GPU-a', data: jsonBytes(row) }),
    garbage: (data: Uint8Array) => bus.publish({ subject: 'alerts.x', data }),
  };
}

it('keeps what people did with an alert when its rule speaks again', () => {
  const { rule, desk, open } = world(undefined);
  rule(alertOf('A'));
  expect(open.get('A')).toMatchObject({ opened_at: '2026-01-01T00:00:00.000Z', acknowledged_by: '', silenced_by: '' });
  desk(handledOf('A', { silenced_by: 'S1' }));
  expect(open.get('A')).toMatchObject({ acknowledged_by: 'ada', silenced_by: 'S1' });
  rule(alertOf('A', { severity: 'critical' }));
  expect(open.get('A')).toMatchObject({
    severity: 'critical',
    acknowledged_by: 'ada',
    acknowledged_at: '2026-01-01T00:00:00.005Z',
  });
  desk(handledOf('A', { severity: 'critical', acknowledged_by: '', acknowledged_at: null }));
  expect(open.get('A')).toMatchObject({ acknowledged_by: '', acknowledged_at: null, silenced_by: '' });
  rule(alertOf('A', { state: 'closed', closed_at: OPENED + 9 }));
  expect([...open.keys()]).toEqual([]);
});

it('has the open alerts of before from the table, asked again until it answers', async () => {
  const { alerts, rule, open, answer } = world(null);
  // What came over the bus meanwhile is newer; what closed meanwhile stays closed.
  rule(alertOf('newer', { severity: 'critical' }));
  rule(alertOf('gone', { state: 'closed', closed_at: OPENED + 1 }));
  await vi.advanceTimersByTimeAsync(3_000);
  expect([...open.keys()]).toEqual(['newer']);
  answer([handledOf('stored'), handledOf('newer'), handledOf('gone')]);
  await vi.advanceTimersByTimeAsync(1_000);
  await alerts.seeding;
  expect([...open.keys()].sort()).toEqual(['newer', 'stored']);
  expect(open.get('newer')).toMatchObject({ severity: 'critical', acknowledged_by: 'ada' });
});

it('counts what is no alert, and keeps no more than it may', () => {
  const { alerts, rule, garbage, open } = world(undefined, 2);
  for (const row of [null, 7, {}, { id: 'A' }, { id: '', state: 'open' }, alertOf('A', { state: 'ajar' })]) rule(row);
  garbage(new Uint8Array([0xff, 0x7b]));
  expect([alerts.counters.refused, open.size]).toEqual([7, 0]);
  rule(alertOf('A', { summary: 'x'.repeat(100_000), opened_at: 'long ago' }));
  expect(open.get('A')).toMatchObject({ summary: 'x'.repeat(4_000), opened_at: null });
});

it('remembers the last closings only, however long the table does not answer', async () => {
  const { alerts, rule, open, answer } = world(null, 3);
  const ids = Array.from({ length: 8 }, (_, i) => `spell ${i}`);
  for (const id of ids) rule(alertOf(id, { state: 'closed', closed_at: OPENED + 1 }));
  answer(ids.slice(-4).map((id) => alertOf(id)));
  await vi.advanceTimersByTimeAsync(3_000);
  await alerts.seeding;
  expect([...open.keys()]).toEqual(['spell 4']);
});

it('learns that an alert had closed before it could hear of it, once the table knows', async () => {
  const { alerts, open, answer } = world([alertOf('A'), alertOf('B')]);
  await alerts.seeding;
  expect([...open.keys()].sort()).toEqual(['A', 'B']);
  answer([alertOf('A', { state: 'closed', closed_at: OPENED + 1 }), alertOf('B')]);
  await vi.advanceTimersByTimeAsync(6_000);
  expect([...open.keys()]).toEqual(['B']);
});

it('reads what was told while the connection was lost, and once more for what the table had not then', async () => {
  const { bus, alerts, open, answer } = world([alertOf('A'), alertOf('B')]);
  await alerts.seeding;
  await vi.advanceTimersByTimeAsync(120_000);
  bus.online = false;
  bus.online = true;
  answer([alertOf('A', { severity: 'critical' }), alertOf('B')]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(open.get('A')).toMatchObject({ severity: 'critical' });
  answer([
    alertOf('A', { severity: 'critical' }),
    alertOf('B', { state: 'closed', closed_at: OPENED + 1 }),
    alertOf('C'),
  ]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([...open.keys()].sort()).toEqual(['A', 'C']);
});

it('takes what it heard for newer than what the table says', async () => {
  const { alerts, rule, desk, open, answer } = world([alertOf('A'), alertOf('B'), alertOf('C')]);
  await alerts.seeding;
  rule(alertOf('A', { severity: 'critical' }));
  rule(alertOf('B', { state: 'closed', closed_at: OPENED + 1 }));
  desk(handledOf('C', { inhibited_by: 'D' }));
  answer([alertOf('A'), alertOf('B'), alertOf('C')]);
  await vi.advanceTimersByTimeAsync(90_000);
  expect(open.get('A')).toMatchObject({ severity: 'critical' });
  expect(open.has('B')).toBe(false);
  expect(open.get('C')).toMatchObject({ acknowledged_by: 'ada', inhibited_by: 'D' });
});

it('stops asking', async () => {
  const { alerts } = world(null);
  alerts.stop();
  await vi.advanceTimersByTimeAsync(0);
  await expect(alerts.seeding).resolves.toBeUndefined();
  expect(vi.getTimerCount()).toBe(0);
});
