import { describe, expect, it } from 'vitest';
import type { TableRow } from '../sinks/questdb/list-rows.ts';
import { worstInstance } from './worst-instance.ts';

const row = (instance: string, score: number | null, profile = 'default') => ({ ts: 0, instance, score, profile });
const lowest = (one: TableRow): number => -((one as unknown as { score: number | null }).score ?? Number.NaN);

describe('the worst of a board and its instances', () => {
  it.each([
    ['nothing where there is nothing', [], [''], null],
    ['the board where it is alone', [row('', 90)], [''], ''],
    ['a sick instance behind a healthy one', [row('1', 90), row('2', 20), row('3', 50)], ['1', '2', '3'], '2'],
    ['an instance that fares worse than its board', [row('', 90), row('1', 20)], ['', '1'], '1'],
    ['the board where its instances fare as well', [row('', 90), row('1', 90)], ['', '1'], ''],
    ['not what was said before the board was split', [row('', 20), row('1', 90)], ['1'], '1'],
    ['what was said last of a board that is gone', [row('1', 90), row('2', 20)], [], '2'],
    ['what is known rather than what is not', [row('1', null), row('2', 90)], ['1', '2'], '2'],
    ['an unknown score where no other is there', [row('1', null)], ['1'], '1'],
    ['the default profile', [row('', 90), row('', 20, 'reference')], [''], ''],
    [
      'the other profile where only that is told',
      [row('1', 90, 'reference'), row('2', 20, 'reference')],
      ['1', '2'],
      '2',
    ],
  ] as const)('is %s', (_, rows, reporting, expected) => {
    const worst = worstInstance(rows, new Set(reporting), lowest) as ReturnType<typeof row> | null;
    expect(worst?.instance ?? null).toBe(expected);
    if (worst !== null && rows.some(({ profile }) => profile === 'default')) expect(worst.profile).toBe('default');
  });
});
