import { describe, expect, it } from 'vitest';
import { settableClock } from '../pipeline/clock.ts';
import type { TableRow } from '../sinks/questdb/list-rows.ts';
import { type KeptRowsOptions, keptRows } from './kept-rows.ts';

const rowAt = (ts: number, gpu_uuid = 'A'): TableRow => ({ ts, gpu_uuid });

/** A table that answers when it is told to. */
function world(options: Partial<KeptRowsOptions> = {}) {
  const clock = settableClock(0);
  const table = new Map<string, TableRow[]>();
  const asked: (readonly string[])[] = [];
  const answers: { answer: () => void; fail: (cause: Error) => void }[] = [];
  const kept = keptRows({
    clock,
    load: (uuids) => {
      asked.push(uuids);
      const rows = new Map([...table].map(([uuid, all]) => [uuid, [...all]]));
      return new Promise((resolve, reject) => answers.push({ answer: () => resolve(rows), fail: reject }));
    },
    read: (told) => (typeof told === 'object' && told !== null && 'ts' in told ? (told as TableRow) : null),
    merge: (rows, row) => [row, ...rows].sort((a, b) => b.ts - a.ts).slice(0, 2),
    trusted_ms: 1_000,
    gpus_max: 10,
    batch_max: 10,
    ...options,
  });
  return { clock, table, asked, answers, kept, answer: () => answers.shift()?.answer() };
}
const times = (rows: readonly TableRow[]): number[] => rows.map(({ ts }) => ts);

describe('kept rows', () => {
  it('reads once, then answers from memory what the bus told since', async () => {
    const { table, asked, kept, answer } = world();
    table.set('A', [rowAt(1)]);
    const first = kept.of('A');
    answer();
    expect(times(await first)).toEqual([1]);
    kept.apply('A', rowAt(3));
    kept.apply('A', { not: 'a row' });
    kept.apply('B', rowAt(9, 'B'));
    expect(times(await kept.of('A'))).toEqual([3, 1]);
    expect(asked).toEqual([['A']]);
  });

  it('takes along who else is there, those it knows too little of, and nobody twice', async () => {
    const { clock, table, asked, kept, answer } = world({ batch_max: 3, others: () => ['A', 'B', 'C', 'D'] });
    for (const uuid of ['A', 'B', 'C', 'D']) table.set(uuid, [rowAt(1, uuid)]);
    const first = kept.of('C');
    kept.apply('A', rowAt(7));
    answer();
    await first;
    expect(asked).toEqual([['C', 'A', 'B']]);
    expect(times(await kept.of('A'))).toEqual([7, 1]);
    const last = kept.of('D');
    answer();
    await last;
    expect(asked[1]).toEqual(['D']);
    clock.set(600);
    const again = kept.of('E');
    answer();
    await again;
    expect(asked[2]?.[0]).toBe('E');
    expect(asked[2]).toHaveLength(3);
  });

  it('tells the text that is kept, in the form that is wanted', async () => {
    const form: KeptRowsOptions['form'] = {
      pack: (rows) => rows.map(({ ts }) => `at ${ts}`).join(),
      unpack: (text) => text.split(',').map((one) => rowAt(Number(one.slice(3)))),
    };
    const { table, asked, kept, answer } = world({ form });
    table.set('A', [rowAt(1)]);
    const first = kept.text('A');
    answer();
    expect(await first).toEqual({ text: 'at 1', count: 1 });
    kept.apply('A', rowAt(3));
    expect(await kept.text('A')).toMatchObject({ text: 'at 3,at 1', count: 2 });
    expect(times(await kept.of('A'))).toEqual([3, 1]);
    expect(asked).toEqual([['A']]);
  });

  it('lets nobody else wait for rows that cannot be written', async () => {
    const pack = (rows: readonly TableRow[]): string => {
      if (rows.some(({ ts }) => ts === 13)) throw new Error('no such row');
      return JSON.stringify(rows);
    };
    const form: KeptRowsOptions['form'] = { pack, unpack: (text) => JSON.parse(text) as TableRow[] };
    const { table, kept, answer } = world({ form, others: () => ['A', 'B'] });
    table.set('A', [rowAt(13)]);
    table.set('B', [rowAt(2, 'B')]);
    const first = kept.of('A');
    answer();
    await expect(first).rejects.toThrow('no such row');
    expect(times(await kept.of('B'))).toEqual([2]);
  });

  it('fails for those who asked, and for nobody else', async () => {
    const { answers, kept } = world({ others: () => ['A', 'B'] });
    const first = kept.of('A');
    answers.shift()?.fail(new Error('away'));
    await expect(first).rejects.toThrow('away');
  });

  it('keeps that a GPU has none', async () => {
    const { asked, kept, answer } = world();
    const first = kept.of('A');
    answer();
    expect(await first).toEqual([]);
    expect(await kept.of('A')).toEqual([]);
    expect(asked.length).toBe(1);
  });

  it('does not lose what came while the table was read, or while its turn was waited for', async () => {
    const { table, kept, answer } = world();
    table.set('A', [rowAt(1)]);
    table.set('B', [rowAt(2, 'B')]);
    const [a, b] = [kept.of('A'), kept.of('B')];
    kept.apply('A', rowAt(5));
    kept.apply('B', rowAt(6, 'B'));
    answer();
    expect(times(await a)).toEqual([5, 1]);
    await Promise.resolve();
    answer();
    expect(times(await b)).toEqual([6, 2]);
  });

  it('asks for all that wait at once, and for each only once', async () => {
    const { asked, kept, answer } = world({ batch_max: 2 });
    const first = kept.of('A');
    const others = ['B', 'C', 'B', 'D', 'A'].map((uuid) => kept.of(uuid));
    answer();
    await first;
    await Promise.resolve();
    answer();
    await others[0];
    await Promise.resolve();
    answer();
    await Promise.all(others);
    expect(asked).toEqual([['A'], ['B', 'C'], ['D']]);
  });

  it('tells a failure to those who waited for it, and reads anew for the next', async () => {
    const { table, kept, answers, answer } = world();
    const first = kept.of('A');
    answers.shift()?.fail(new Error('away'));
    await expect(first).rejects.toThrow('away');
    table.set('A', [rowAt(1)]);
    const second = kept.of('A');
    answer();
    expect(times(await second)).toEqual([1]);
  });

  it('reads anew when rows are old or the bus was away', async () => {
    const { clock, table, asked, kept, answer } = world();
    for (const [i, before] of [() => undefined, () => clock.advance(1_000), () => kept.forget()].entries()) {
      before();
      table.set('A', [rowAt(i)]);
      const rows = kept.of('A');
      answer();
      expect(times(await rows)).toEqual([i]);
    }
    expect(asked.length).toBe(3);
  });

  it('reads behind who asks when half of the time is over, and less often where that fails', async () => {
    const { clock, table, asked, kept, answers, answer } = world();
    const ask = async (): Promise<number[]> => times(await kept.of('A'));
    table.set('A', [rowAt(1)]);
    const first = kept.of('A');
    answer();
    await first;
    table.set('A', [rowAt(2)]);
    clock.advance(499);
    expect([await ask(), asked.length]).toEqual([[1], 1]);
    clock.advance(1);
    expect([await ask(), await ask(), asked.length]).toEqual([[1], [1], 2]);
    answers.shift()?.fail(new Error('away'));
    await new Promise(setImmediate);
    expect([await ask(), asked.length]).toEqual([[1], 2]);
    clock.advance(499);
    expect([await ask(), asked.length]).toEqual([[1], 2]);
    clock.advance(1);
    const waited = kept.of('A');
    answer();
    expect([times(await waited), asked.length]).toEqual([[2], 3]);
    table.set('A', [rowAt(3)]);
    clock.advance(5_000);
    const later = kept.of('A');
    answer();
    await later;
    table.set('A', [rowAt(4)]);
    clock.advance(500);
    expect(await ask()).toEqual([3]);
    answer();
    await new Promise(setImmediate);
    expect([await ask(), asked.length]).toEqual([[4], 5]);
  });

  it('knows what was told shortly before a reading, which the table need not have yet', async () => {
    const { clock, table, kept, answer } = world();
    table.set('A', [rowAt(1)]);
    kept.apply('A', rowAt(2));
    kept.apply('B', rowAt(9, 'B'));
    const first = kept.of('A');
    answer();
    expect(times(await first)).toEqual([2, 1]);
    clock.advance(500);
    kept.apply('A', rowAt(3));
    const known = await kept.of('A');
    answer();
    await new Promise(setImmediate);
    expect([times(known), times(await kept.of('A'))]).toEqual([
      [3, 2],
      [3, 2],
    ]);
    clock.advance(31_000);
    const later = kept.of('A');
    answer();
    expect(times(await later)).toEqual([1]);
  });

  it('trusts for longer what a reading would find again', async () => {
    let changed_at = 0;
    const { clock, table, asked, kept, answer } = world({
      unchanged: { since: (read_at) => read_at >= changed_at, trusted_ms: 9_000 },
    });
    const ask = async (): Promise<number[]> => {
      const rows = kept.of('A');
      answer();
      return times(await rows);
    };
    table.set('A', [rowAt(1)]);
    expect(await ask()).toEqual([1]);
    table.set('A', [rowAt(2)]);
    clock.set(4_000);
    expect(await ask()).toEqual([1]);
    changed_at = 4_000;
    expect(await ask()).toEqual([2]);
    clock.set(4_400);
    changed_at = 4_400;
    expect(await ask()).toEqual([2]);
    changed_at = 0;
    clock.set(13_000);
    await ask();
    expect(asked.length).toBe(3);
  });

  it('takes its time with what nobody waits for', async () => {
    const fleet = Array.from({ length: 1_000 }, (_, i) => `GPU-${i}`);
    const { clock, asked, kept, answer } = world({ gpus_max: 1_000, batch_max: 1_000, others: () => fleet });
    const first = kept.of('GPU-0');
    answer();
    await Promise.all([first, kept.of('GPU-999')]);
    await new Promise(setImmediate);
    const ask = async (): Promise<number[]> => {
      for (const uuid of fleet) void kept.of(uuid);
      answer();
      await new Promise(setImmediate);
      return asked.map(({ length }) => length);
    };
    clock.set(500);
    expect(await ask()).toEqual([1_000, 128]);
    clock.set(999);
    expect(await ask()).toEqual([1_000, 128]);
  });

  it('does not keep a reading during which the bus was lost', async () => {
    const { table, asked, kept, answer } = world();
    table.set('A', [rowAt(1)]);
    const first = kept.of('A');
    kept.forget();
    answer();
    expect(times(await first)).toEqual([1]);
    const second = kept.of('A');
    answer();
    await second;
    expect(asked.length).toBe(2);
  });

  it('keeps no more GPUs than it may, those that were asked for last', async () => {
    const { asked, kept, answer } = world({ gpus_max: 2 });
    for (const uuid of ['A', 'B']) {
      const rows = kept.of(uuid);
      answer();
      await rows;
    }
    await kept.of('A');
    const third = kept.of('C');
    answer();
    await third;
    await kept.of('A');
    expect(asked.length).toBe(3);
    const again = kept.of('B');
    answer();
    await again;
    expect(asked.length).toBe(4);
  });
});
