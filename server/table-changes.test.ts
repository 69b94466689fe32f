import { expect, it } from 'vitest';
import { settableClock } from '../pipeline/clock.ts';
import { VitalsError } from '../pipeline/contract/errors.ts';
import { tableChanges } from './table-changes.ts';

function world() {
  const clock = settableClock(0);
  const table: { written: number; readable: number; away: boolean } = { written: 7, readable: 7, away: false };
  let looks = 0;
  const changes = tableChanges({
    clock,
    table: 'gpu_assets',
    database: {
      async query<Row>(_sql: string, parameters: readonly unknown[] = []) {
        looks++;
        expect(parameters).toEqual(['gpu_assets']);
        if (table.away) throw new VitalsError('GV-API-003', 'The database does not answer', 'QuestDB');
        return [{ writerTxn: table.readable, sequencerTxn: table.written }] as Row[];
      },
      close: async () => undefined,
    },
  });
  /** What is known when somebody has asked, and the look is done. */
  const after = async (at: number): Promise<boolean> => {
    changes.unchangedSince(at);
    await Promise.resolve();
    await new Promise(setImmediate);
    return changes.unchangedSince(at);
  };
  return { clock, table, after, changes, looks: () => looks };
}

it('knows what was read since the first look at rows that are still the same', async () => {
  const { clock, after } = world();
  clock.advance(1_000);
  expect(await after(999)).toBe(false);
  expect(await after(1_000)).toBe(true);
  clock.advance(3_000);
  expect(await after(1_000)).toBe(true);
});

it('looks every two seconds while somebody asks, and knows nothing when nobody did', async () => {
  const { clock, after, changes, looks } = world();
  for (let i = 0; i < 40; i++) {
    await after(0);
    clock.advance(100);
  }
  expect(looks()).toBe(2);
  expect(changes.unchangedSince(0)).toBe(true);
  clock.advance(10_000);
  expect(changes.unchangedSince(0)).toBe(false);
});

it('sees rows come: those that wait to be applied, and those that are', async () => {
  const { clock, table, after } = world();
  expect(await after(0)).toBe(true);
  clock.advance(2_000);
  table.written = 8;
  expect(await after(2_000)).toBe(false);
  clock.advance(2_000);
  table.readable = 8;
  expect(await after(3_999)).toBe(false);
  expect(await after(4_000)).toBe(true);
});

it('knows nothing of a database that is away', async () => {
  const { clock, table, after } = world();
  expect(await after(0)).toBe(true);
  clock.advance(2_000);
  table.away = true;
  expect(await after(2_000)).toBe(false);
  clock.advance(2_000);
  table.away = false;
  expect(await after(2_000)).toBe(false);
  expect(await after(4_000)).toBe(true);
});
