import { expect, it } from 'vitest';
import { seededRandom } from './exposition.fixture.ts';
import { decimal, readDecimal, readNumber } from './exposition-number.ts';

const encoder = new TextEncoder();

/** As the parser uses both: the short path when it takes the whole token, else the text. */
function read(text: string): number | null {
  const bytes = encoder.encode(text);
  const short = readDecimal(bytes, 0, bytes.length);
  return decimal.end === bytes.length && !Number.isNaN(short) ? short : readNumber(text);
}

it('equals Number bit for bit on 100,000 seeded texts', () => {
  const random = seededRandom(7);
  const pick = (n: number): number => Math.floor(random() * n);
  const digits = (n: number): string => Array.from({ length: n }, () => pick(10)).join('');
  const wrong: string[] = [];
  let short = 0;
  for (let i = 0; i < 100_000; i++) {
    const sign = ['', '', '', '-', '+'][pick(5)];
    const fraction = pick(2) === 0 ? `.${digits(pick(12))}` : '';
    const exponent = pick(8) === 0 ? `${'eE'[pick(2)]}${['', '+', '-'][pick(3)]}${pick(30)}` : '';
    const text = `${sign}${digits(1 + pick(17))}${fraction}${exponent}`;
    const bytes = encoder.encode(text);
    const value = readDecimal(bytes, 0, bytes.length);
    if (decimal.end === bytes.length && !Number.isNaN(value)) {
      short++;
      if (!Object.is(value, Number(text))) wrong.push(text);
    }
    if (!Object.is(read(text), Number(text))) wrong.push(text);
  }
  expect(wrong).toEqual([]);
  expect(short).toBeGreaterThan(30_000);
});

it.each([
  ['0', 0],
  ['-0', -0],
  ['-0.000', -0],
  ['0.000000', 0],
  ['.5', 0.5],
  ['5.', 5],
  ['409.692000', 409.692],
  ['7.8e+06', 7_800_000],
  ['1E3', 1_000],
  ['0000000000000000000000000000000000000000001.2e-1', 0.12],
  ['9223372036854775794', 2 ** 63],
  ['18446744073709551615', 2 ** 64],
  ['999999999999999', 999_999_999_999_999],
  ['1e400', Number.POSITIVE_INFINITY],
  ['NaN', Number.NaN],
  ['nan', Number.NaN],
  ['+Inf', Number.POSITIVE_INFINITY],
  ['-Inf', Number.NEGATIVE_INFINITY],
  ['Infinity', Number.POSITIVE_INFINITY],
])('reads %s', (text, value) => {
  expect(Object.is(read(text), value)).toBe(true);
});

it.each([
  '',
  '-',
  '+',
  '.',
  '-.',
  '1.1.1',
  '1_2',
  '0x1',
  '0x1p-3',
  '0b1',
  '0o1',
  '1e',
  'e5',
  '1 2',
  'abc',
  '--1',
  'infinit',
])('refuses %j', (text) => {
  expect(read(text)).toBeNull();
});

it('stops at the first byte behind the number', () => {
  expect(readDecimal(encoder.encode('x 12.5 99'), 2, 9)).toBe(12.5);
  expect(decimal.end).toBe(6);
  expect(readDecimal(encoder.encode('1.2.3'), 0, 5)).toBe(1.2);
  expect(decimal.end).toBe(3);
});
