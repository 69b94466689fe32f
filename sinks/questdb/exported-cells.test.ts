import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exportedCells } from './exported-cells.ts';
import { rowSpeller } from './import-rows.ts';

const spelled = (cell: string | null): string =>
  cell === null ? '' : `"${JSON.stringify(cell).slice(1, -1).replaceAll('\\"', '""')}"`;

describe('exportedCells', () => {
  it.each([
    ['numbers and nothing', '1.5,,-3,true', ['1.5', null, '-3', 'true']],
    ['an empty text is not nothing', '"",,""', ['', null, '']],
    ['quotes and commas', '"he said ""a,b""","c"', ['he said "a,b"', 'c']],
    ['escapes', String.raw`"a\nb\\c","{""x"":""\\""y""}"`, ['a\nb\\c', String.raw`{"x":"\"y"}`]],
    ['nothing at the end', '1,', ['1', null]],
  ])('%s', (_, line, cells) => {
    expect(exportedCells(line)).toEqual(cells);
  });

  it.each(['"open', '"a"b', String.raw`"\x"`])('refuses %s', (line) => {
    expect(exportedCells(line)).toBeNull();
  });

  it('reads back whatever texts there are', () => {
    const cell = fc.option(fc.string({ unit: 'binary' }), { nil: null });
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1 }), (cells) => {
        expect(exportedCells(cells.map(spelled).join(','))).toEqual(cells);
      }),
    );
  });
});

describe('rowSpeller', () => {
  const columns = [
    { name: 'ts', type: 'TIMESTAMP' },
    { name: 'node', type: 'SYMBOL' },
    { name: 'note', type: 'VARCHAR' },
    { name: 'power', type: 'FLOAT' },
    { name: 'count', type: 'LONG' },
    { name: 'at', type: 'TIMESTAMP' },
    { name: 'ok', type: 'BOOLEAN' },
  ];
  const spell = rowSpeller('t', columns);
  const ts = '2026-01-01T00:00:00.123456Z';

  it.each([
    [
      'all of it',
      [ts, 'a b', 'say "x"', '1.0E-7', '5', '1970-01-01T00:00:00.000001Z', 'true'],
      't,node=a\\ b note="say \\"x\\"",power=1.0E-7,count=5i,at=1t,ok=true 1767225600123456000\n',
    ],
    ['empty texts', [ts, '', '', null, null, null, null], 't,node= note="" 1767225600123456000\n'],
    ['nulls', [ts, null, null, '2.5', null, null, null], 't power=2.5 1767225600123456000\n'],
  ] as const)('spells %s', (_, cells, line) => {
    expect(spell(cells)).toBe(line);
  });

  it.each([
    ['a cell too few', [ts]],
    ['no time', [null, 'a', null, '1', null, null, null]],
    ['a text for a number', [ts, 'a', null, '1 x=2', null, null, null]],
    ['a text for a truth', [ts, 'a', null, null, null, null, 'yes']],
    ['a fraction for a whole number', [ts, 'a', null, null, '1.5', null, null]],
  ] as const)('refuses %s', (_, cells) => {
    expect(spell(cells)).toBeNull();
  });
});
