import { describe, expect, it } from 'vitest';
import type { FuzzTarget } from './fuzz-target.ts';
import { BrokenLaw, bytesOf, lawSame, textOf } from './fuzz-target.ts';
import { makeCase } from './make-case.ts';
import { minimise } from './minimise.ts';
import { feedOne, runCases } from './run-cases.ts';

const planted = (feed: (text: string) => boolean): FuzzTarget => ({
  name: 'planted',
  summary: 'something wrong on purpose',
  seeds: [bytesOf('{"name":"gpu","count":3}'), bytesOf('one,two\n3,4\n')],
  words: ['critical'],
  bytes_max: 256,
  feed: (input) => feed(textOf(input)),
});

describe('cases', () => {
  it('are the same for the same seed, and others for another', () => {
    const target = planted(() => true);
    const cases = (seed: number): string[] =>
      Array.from({ length: 200 }, (_, n) => Buffer.from(makeCase(target, seed, n)).toString('base64'));
    expect(cases(1)).toEqual(cases(1));
    expect(cases(1).filter((one, n) => one === cases(2)[n]).length).toBeLessThan(10);
    expect(new Set(cases(1)).size).toBeGreaterThan(180);
  });

  it('begin with the seeds, and stay within their length', () => {
    const target = planted(() => true);
    expect([0, 1].map((n) => textOf(makeCase(target, 1, n)))).toEqual(target.seeds.map(textOf));
    const lengths = Array.from({ length: 2_000 }, (_, n) => makeCase(target, 3, n).length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(256);
    expect(lengths.filter((length) => length > 200).length).toBeGreaterThan(2);
  });

  it.each([
    ['a word', (text: string) => !text.includes('critical')],
    ['a name that every object has', (text: string) => !text.includes('__proto__')],
    ['a number that is none', (text: string) => !/1e999|Infinity/.test(text)],
    ['nesting', (text: string) => !text.includes('[[[[')],
    ['bytes that are no text', (text: string) => !text.includes('\ufffd')],
    ['nothing at all', (text: string) => text !== ''],
  ])('find %s, and what it needs alone', async (_, holds) => {
    const target = planted((text) => {
      if (!holds(text)) throw new TypeError('planted');
      return true;
    });
    const { failure } = await runCases(target, { seed: 5, from: 0, to: 4_000 });
    expect(failure?.what).toContain('threw TypeError: planted');
    const input = failure?.input ?? new Uint8Array(0);
    const fails = async (one: Uint8Array): Promise<boolean> => typeof (await feedOne(target, one)) === 'string';
    const smallest = await minimise(input, fails, { tries_max: 2_000, time_ms: 5_000 });
    expect(await fails(smallest)).toBe(true);
    expect(smallest.length).toBeLessThanOrEqual(12);
  });
});

describe('a law', () => {
  it.each([
    [{ a: 1, b: Number.NaN }, { b: Number.NaN, a: 1 }, true],
    [[0], [-0], false],
    [Float64Array.of(1, Number.NaN), Float64Array.of(1, 2), false],
    [new Map([['a', 1]]), new Map([['a', 1]]), true],
    [Number.POSITIVE_INFINITY, null, false],
  ])('%j and %j', (one, other, same) => {
    const compare = (): void => lawSame(one, other, 'both');
    if (same) expect(compare).not.toThrow();
    else expect(compare).toThrow(BrokenLaw);
  });

  it('is broken by memory that no input is worth', async () => {
    const target = planted((text) => Buffer.alloc(text.length * 40_000_000).length > 0);
    expect(await feedOne(target, bytesOf('12345678'))).toContain('bytes of memory');
  });
});
