import { expect, it } from 'vitest';
import { NOBODYS, seenEndOf, type UnitRecord } from './unit-record.ts';

const stored = (stream: string, position: number, saved_at: number): UnitRecord => ({
  ...NOBODYS,
  stream,
  snapshots: [{ name: `${stream}.${position}`, position, read_from: 0, saved_at }],
});

it('knows nothing of a stream where nothing is stored', () => {
  expect(seenEndOf([])).toEqual({ created: '', last_position: 0 });
  expect(seenEndOf([NOBODYS])).toEqual({ created: '', last_position: 0 });
});

it('knows the highest position stored', () => {
  const units = [stored('a', 10, 5), stored('a', 30, 4), NOBODYS, stored('a', 20, 6)];
  expect(seenEndOf(units)).toEqual({ created: 'a', last_position: 30 });
});

it('takes the stream that was stored of last for the one there is', () => {
  const units = [stored('old', 9_000, 5), stored('new', 30, 7), stored('new', 40, 6)];
  expect(seenEndOf(units)).toEqual({ created: 'new', last_position: 40 });
});
