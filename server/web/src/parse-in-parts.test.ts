import { describe, expect, it } from 'vitest';
import { parseInParts } from './parse-in-parts.ts';

const message = (rows: number, name: string) => ({
  topic: 'fleet',
  seq: 7,
  type: 'snapshot',
  ts: '2026-01-01T00:00:00.000Z',
  data: Array.from({ length: rows }, (_, i) => ({ gpu_uuid: `GPU-${i}`, name, value: i / 3, none: null })),
});

describe('a message', () => {
  it('is parsed at once when it is short', () => {
    const short = message(3, 'H100');
    expect(parseInParts(JSON.stringify(short))).toEqual(short);
  });

  it.each([
    ['plain', 'H100'],
    ['with what looks like an end of a row', 'a},{"b'],
    ['with brackets and quotes', '}]} \\" ],['],
  ])('is the same in parts, %s', async (_, name) => {
    const long = message(30_000, name);
    const parsed = parseInParts(JSON.stringify(long));
    expect(parsed).toBeInstanceOf(Promise);
    expect(await parsed).toEqual(long);
  });

  it('that is long and no list is parsed whole, and one that is broken is refused', async () => {
    const text = 'x'.repeat(2_000_000);
    expect(await parseInParts(JSON.stringify({ data: { text } }))).toEqual({ data: { text } });
    await expect(parseInParts(`${JSON.stringify(message(30_000, 'a')).slice(0, -1)}`)).rejects.toThrow(SyntaxError);
  });
});
