import { describe, expect, it } from 'vitest';
import { createCsvRecords } from './csv-records.ts';

function read(text: string, width: number) {
  const records: (readonly string[])[] = [];
  const refused: string[] = [];
  const reader = createCsvRecords({
    chars_max: 1_000,
    refused: (_, original) => refused.push(original),
    record(cells) {
      if (cells.length !== width) return 'width';
      records.push(cells);
      return null;
    },
  });
  for (const line of text.split('\n')) reader.line(line);
  reader.end();
  return { records, refused };
}

describe('CSV records', () => {
  it.each<[string, string, readonly (readonly string[])[], readonly string[]]>([
    [
      'plain cells',
      'a,b\nc,d',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
      [],
    ],
    [
      'empty cells',
      ',\na,',
      [
        ['', ''],
        ['a', ''],
      ],
      [],
    ],
    [
      'blank lines',
      'a,b\n\n  \nc,d',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
      [],
    ],
    ['quoted comma', '"a,1",b', [['a,1', 'b']], []],
    ['doubled quotes', '"say ""hi""",b', [['say "hi"', 'b']], []],
    [
      'quoted end of line',
      '"a\nb",c\nd,e',
      [
        ['a\nb', 'c'],
        ['d', 'e'],
      ],
      [],
    ],
    ['blank before a quote', 'a, "b,c"', [['a', 'b,c']], []],
    ['empty quoted cell', '"",""', [['', '']], []],
    ['quoted cell, then an empty one', '"a",', [['a', '']], []],
    ['wrong width costs one line', 'a,b,c\nd,e', [['d', 'e']], ['a,b,c']],
    [
      'quote never closed costs one line',
      'a,"b\nc,d\ne,f',
      [
        ['c', 'd'],
        ['e', 'f'],
      ],
      ['a,"b'],
    ],
    [
      'two stray quotes cost their lines only',
      '5",x\nc,d\n6",y\ne,f',
      [
        ['c', 'd'],
        ['e', 'f'],
      ],
      ['5",x', '6",y'],
    ],
    ['text after a quoted cell', '"a"b,c\nd,e', [['d', 'e']], ['"a"b,c']],
  ])('%s', (_, text, records, refused) => {
    expect(read(text, 2)).toEqual({ records, refused });
  });

  it('tells of blank lines between records where somebody asks, and of none in a quoted cell', () => {
    const seen: string[] = [];
    const reader = createCsvRecords({
      chars_max: 1_000,
      refused: (detail) => seen.push(detail),
      record(cells) {
        seen.push(cells.join('|'));
        return null;
      },
      blank: () => seen.push('blank'),
    });
    for (const line of ['', 'a', ' ', '"b', '', 'c"', '']) reader.line(line);
    reader.end();
    expect(seen).toEqual(['blank', 'a', 'blank', 'b\n\nc', 'blank']);
  });

  it('finds its way back after a stray quote in a long file', () => {
    const lines = Array.from({ length: 500 }, (_, i) => `${i},x`);
    lines.splice(100, 0, 'bad,"x');
    const { records, refused } = read(lines.join('\n'), 2);
    expect(records).toHaveLength(500);
    expect(refused).toEqual(['bad,"x']);
  });
});
