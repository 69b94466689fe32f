import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AliasBook,
  aliasBook,
  dropAlias,
  EMPTY_BOOK,
  pointAlias,
  rollBackAlias,
  versionOf,
} from './alias-book.ts';

const change = (at: number) => ({ at, by: 'test', why: `change ${at}` });

/** `3` points, `x` drops, `<` rolls back; returns where the alias points after each. */
function walk(steps: string): (number | null | 'refused')[] {
  let book: AliasBook = EMPTY_BOOK;
  return [...steps].map((step, at) => {
    try {
      if (step === 'x') book = dropAlias(book, 'champion', change(at));
      else if (step === '<') book = rollBackAlias(book, 'champion', change(at)).book;
      else book = pointAlias(book, 'champion', Number(step), change(at));
    } catch (error) {
      expect(error).toMatchObject({ code: 'GV-MDL-104' });
      return 'refused';
    }
    return versionOf(book, 'champion');
  });
}

describe('alias book', () => {
  it.each([
    ['1', [1]],
    ['1<', [1, 'refused']],
    ['<', ['refused']],
    ['12<', [1, 2, 1]],
    ['123<<<', [1, 2, 3, 2, 1, 'refused']],
    ['123<4<<', [1, 2, 3, 2, 4, 2, 1]],
    ['1122<', [1, 1, 2, 2, 1]],
    ['12x<', [1, 2, null, 2]],
    ['12x<<', [1, 2, null, 2, 1]],
    ['1x2<<', [1, null, 2, 1, 'refused']],
    ['x1', [null, 1]],
    ['121<<', [1, 2, 1, 2, 1]],
  ])('%s', (steps, expected) => {
    expect(walk(steps)).toEqual(expected);
  });

  it('writes down every change and nothing else', () => {
    let book = pointAlias(EMPTY_BOOK, 'champion', 1, change(10));
    book = pointAlias(book, 'champion', 1, change(11));
    book = pointAlias(book, 'challenger', 2, change(12));
    book = dropAlias(book, 'shadow', change(13));
    book = rollBackAlias(pointAlias(book, 'champion', 2, change(14)), 'champion', change(15)).book;
    book = dropAlias(book, 'challenger', change(16));
    expect(book.history.map(({ at, alias, from, to }) => [at, alias, from, to])).toEqual([
      [10, 'champion', null, 1],
      [12, 'challenger', null, 2],
      [14, 'champion', 1, 2],
      [15, 'champion', 2, 1],
      [16, 'challenger', 2, null],
    ]);
    expect(book.history[0]).toEqual({ at: 10, alias: 'champion', from: null, to: 1, by: 'test', why: 'change 10' });
  });

  it('is bounded, and comes back from JSON as it was', () => {
    let book = EMPTY_BOOK;
    for (let i = 1; i <= 2_500; i++) book = pointAlias(book, 'champion', i, change(i));
    expect(book.history).toHaveLength(1_000);
    expect(book.history.at(-1)).toMatchObject({ from: 2_499, to: 2_500 });
    expect(aliasBook.parse(JSON.parse(JSON.stringify(book)))).toEqual(book);
    for (let i = 2_499; i >= 2_400; i--) {
      const rolled = rollBackAlias(book, 'champion', change(i));
      expect(rolled.to).toBe(i);
      book = rolled.book;
    }
    expect(() => rollBackAlias(book, 'champion', change(0))).toThrow(/had none before/);
  });

  it('undoes any run of promotions step by step', () => {
    const versions = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(versions, (given) => {
        const distinct = given.filter((version, i) => version !== given[i - 1]);
        let book = given.reduce((before, version, at) => pointAlias(before, 'a', version, change(at)), EMPTY_BOOK);
        for (const expected of distinct.slice(0, -1).reverse()) {
          const rolled = rollBackAlias(book, 'a', change(0));
          expect(rolled.to).toBe(expected);
          book = rolled.book;
        }
        expect(() => rollBackAlias(book, 'a', change(0))).toThrow(/had none before/);
      }),
      { seed: 8 },
    );
  });

  it.each(['', '3', 'Champion', 'a b', '../x', '-a', 'a'.repeat(64), '__proto__', 'champion\n'])(
    'refuses the alias %j',
    (alias) => {
      expect(() => pointAlias(EMPTY_BOOK, alias, 1, change(0))).toThrow(
        expect.objectContaining({ code: 'GV-MDL-103' }),
      );
    },
  );

  it.each(['constructor', 'valueof'])('takes the alias %s for what it is', (alias) => {
    expect(versionOf(EMPTY_BOOK, alias)).toBeNull();
    expect(versionOf(pointAlias(EMPTY_BOOK, alias, 1, change(0)), alias)).toBe(1);
  });
});
