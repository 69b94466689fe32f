import { beforeEach, describe, expect, it } from 'vitest';
import type { AlertRow } from '../../sinks/questdb/read-alerts.ts';
import type { KeyValue, KeyValueEntry } from '../bus/key-value.ts';
import type { Alert } from '../contract/alerts.ts';
import type { Bus } from '../contract/bus.ts';
import type { Database } from '../contract/database.ts';
import { alertRow, alertTable } from './alert-table.ts';
import { alertOf, closedOf, NOON } from './desk.fixture.ts';
import { handled, handlingOf, unhandled } from './handling.ts';

const OPEN = alertOf({ id: 'X' });
const CLOSED = closedOf(OPEN);
const ACT = { at: NOON, by: 'eve', act: 'acknowledged' as const, to: '', note: '' };

/** A table whose stream holds nothing any more, with a database and a desk by hand. */
async function tableWorld() {
  const memory = new Map<string, KeyValueEntry>();
  const world = {
    stored: null as Alert | null,
    known: null as Alert | 'over' | null,
    applied: true,
    held: true,
    looks: 0,
    written: [] as AlertRow[],
    flushes: async (): Promise<void> => undefined,
    onLook: (): void => undefined,
  };
  const ack = handled(unhandled('X'), ACT, 'critical');
  const kv: Pick<KeyValue, 'get' | 'replace'> = {
    get: async (key) => memory.get(key) ?? null,
    async replace(key, value, after) {
      memory.set(key, { key, value, revision: after + 1 });
      return true;
    },
  };
  const database: Pick<Database, 'query'> = {
    async query<Row>(sql: string) {
      if (sql.includes('wal_tables')) return [{ writerTxn: world.applied ? 2 : 1, sequencerTxn: 2 }] as Row[];
      world.looks++;
      const { stored } = world;
      const found = stored === null ? [] : [alertRow(stored, handlingOf(stored, undefined))];
      world.onLook();
      return found as Row[];
    },
  };
  const table = await alertTable({
    bus: {
      streamState: async () => ({ messages: 0, bytes: 0, first_position: 0, last_position: 0 }),
    } as unknown as Bus,
    memory: kv as KeyValue,
    openSink: () => ({
      write: (row) => world.written.push(row),
      flush: () => world.flushes(),
      pressure: () => null,
      close: async () => undefined,
    }),
    held: () => world.held,
    database: database as Database,
    handling: (alert) => handlingOf(alert, ack),
    known: () => world.known,
    stream: 'then',
  });
  table.spoken('X', 1);
  return { world, table, memory };
}

const states = (rows: readonly AlertRow[]): string[] =>
  rows.map(({ state, acknowledged_by }) => `${state} ${acknowledged_by}`);

let now: Awaited<ReturnType<typeof tableWorld>>;
beforeEach(async () => {
  now = await tableWorld();
  return () => now.table.lose();
});

describe('what people say of an alert that is over', () => {
  it('is not put with a row that is older than the closing', async () => {
    const { world, table } = now;
    Object.assign(world, { stored: OPEN, known: 'over' });
    await table.settle();
    expect(world.written).toEqual([]);
    world.stored = CLOSED;
    await table.settle();
    expect(states(world.written)).toEqual(['closed eve']);
    await table.settle();
    expect(world.written).toHaveLength(1);
  });

  it('waits for a row that lies in the log of the table, and not for one that is nowhere', async () => {
    const { world, table } = now;
    Object.assign(world, { known: 'over', applied: false });
    for (let n = 0; n < 100; n++) await table.settle();
    expect(table.waiting()).toBe(1);
    world.applied = true;
    for (let n = 0; n < 100; n++) await table.settle();
    expect([table.waiting(), world.looks]).toEqual([0, 131]);
    expect(world.written).toEqual([]);
  });
});

it('what the desk reads while a row is looked for is not overwritten with that row', async () => {
  const { world, table } = now;
  world.stored = OPEN;
  world.onLook = () => table.write(CLOSED, 1);
  await table.settle();
  expect(states(world.written)).toEqual(['closed eve']);
});

it('a row of an alert that the desk does not know is put as it is', async () => {
  const { world, table } = now;
  world.stored = OPEN;
  await table.settle();
  expect(states(world.written)).toEqual(['open eve']);
});

it('settling ends when the table is lost, and remembers nothing', async () => {
  const { world, table, memory } = now;
  world.known = OPEN;
  world.flushes = async () => table.lose();
  await table.settle();
  table.write(CLOSED, 7);
  await table.settle();
  expect([table.lost(), states(world.written), memory.size]).toEqual([true, ['open eve'], 0]);
});
