import { SenderBufferV2, SenderOptions } from '@questdb/nodejs-client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GPU_ECONOMIC_DECISIONS, GPU_FAILURE_PREDICTIONS } from '../../pipeline/contract/prediction-tables.ts';
import { column, type TableSpec, TS, UUID } from '../../pipeline/contract/table-spec.ts';
import { GPU_FORECASTS, GPU_HEALTH_SCORES } from '../../pipeline/contract/verdict-tables.ts';
import { tableRowSpeller } from './table-row-speller.ts';

const ALL_TYPES: TableSpec = {
  name: 'all_types',
  summary: 'One column of each type.',
  columns: [
    TS,
    UUID,
    column('name', 'VARCHAR', ''),
    column('state', 'TRISTATE', ''),
    column('share', 'DOUBLE', ''),
    column('narrow', 'FLOAT', ''),
    column('count', 'LONG', ''),
    column('open', 'BOOLEAN', ''),
    column('since', 'TIMESTAMP', ''),
    column('list', 'JSON', ''),
  ],
  keys: ['ts', 'gpu_uuid'],
  partition: 'DAY',
  ttl_days: null,
};

/** The client's bytes of the same row, but for the timestamp, which it writes in us. */
function clientRow({ name: table, columns }: TableSpec, row: Readonly<Record<string, unknown>>): Buffer {
  const buffer = new SenderBufferV2(new SenderOptions('http::addr=127.0.0.1:9000;protocol_version=2;auto_flush=off'));
  buffer.table(table);
  const isSymbol = (type: string): boolean => type === 'SYMBOL' || type === 'TRISTATE';
  for (const { name, type } of columns) if (isSymbol(type)) buffer.symbol(name, String(row[name] ?? ''));
  for (const { name, type } of columns) {
    const value = row[name];
    const known = value !== null && value !== undefined && !Number.isNaN(value);
    if (type === 'VARCHAR') buffer.stringColumn(name, String(value ?? ''));
    else if (type === 'JSON') buffer.stringColumn(name, JSON.stringify(value ?? null));
    else if (isSymbol(type) || name === 'ts' || !known) continue;
    else if (type === 'TIMESTAMP') buffer.timestampColumn(name, Math.trunc(value as number), 'ms');
    else if (type === 'LONG') buffer.intColumn(name, value as number);
    else if (type === 'BOOLEAN') buffer.booleanColumn(name, value as boolean);
    else buffer.floatColumn(name, value as number);
  }
  buffer.at(Math.trunc(row.ts as number), 'ms');
  const bytes = Buffer.from(buffer.toBufferNew() ?? []);
  expect(bytes.subarray(-5).toString()).toBe('000t\n');
  return Buffer.concat([bytes.subarray(0, -5), Buffer.from('\n')]);
}

const instant = fc.double({ min: 1, max: 4e12, noNaN: true });
const text = fc.string({ unit: fc.constantFrom(...' ,="\\\n\rab\u00e9\u20ac\ud83d\ude00'), maxLength: 200 });
const VALUES: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  SYMBOL: text,
  VARCHAR: fc.option(text),
  TRISTATE: fc.option(fc.boolean()),
  DOUBLE: fc.option(fc.double()),
  FLOAT: fc.option(fc.double()),
  LONG: fc.option(fc.maxSafeInteger()),
  BOOLEAN: fc.option(fc.boolean()),
  TIMESTAMP: fc.option(instant),
  JSON: fc.option(fc.array(fc.record({ words: text, value: fc.double({ noNaN: true, noDefaultInfinity: true }) }))),
};
const rowsOf = ({ columns }: TableSpec): fc.Arbitrary<Record<string, unknown>> =>
  fc.record(
    Object.fromEntries(
      columns.map(({ name, type }) => [name, name === 'ts' ? instant : (VALUES[type] ?? fc.string())]),
    ),
  );

describe('tableRowSpeller', () => {
  it.each([ALL_TYPES, GPU_HEALTH_SCORES, GPU_FAILURE_PREDICTIONS, GPU_ECONOMIC_DECISIONS, GPU_FORECASTS])(
    'spells $name as the client does',
    (spec) => {
      const spell = tableRowSpeller<Record<string, unknown>>(spec);
      fc.assert(
        fc.property(rowsOf(spec), (row) => {
          expect(Buffer.from(spell(row)).toString('latin1')).toBe(clientRow(spec, row).toString('latin1'));
        }),
        { seed: 1, numRuns: 200 },
      );
    },
  );

  it('spells what is larger than its buffer', () => {
    const row = { ts: 1_700_000_000_000, gpu_uuid: 'GPU-1', name: '"'.repeat(100_000), list: ['x'.repeat(50_000)] };
    expect(Buffer.from(tableRowSpeller(ALL_TYPES)(row)).equals(clientRow(ALL_TYPES, row))).toBe(true);
  });

  it.each([
    [{ ts: 0 }, /ts is no instant: 0/],
    [{ ts: '2026-01-01' }, /ts is no instant/],
    [{ ts: 1, share: '1' }, /share is no number: 1/],
    [{ ts: 1, count: 1.5 }, /count is no whole number: 1.5/],
    [{ ts: 1, open: 'yes' }, /open is no boolean: yes/],
    [{ ts: 1, since: -1 }, /since is no instant: -1/],
  ])('refuses %j, and goes on', (row, why) => {
    const spell = tableRowSpeller<object>(ALL_TYPES);
    expect(() => spell(row)).toThrow(why);
    const good = { ts: 1_700_000_000_000, gpu_uuid: 'GPU-1' };
    expect(Buffer.from(spell(good)).equals(clientRow(ALL_TYPES, good))).toBe(true);
  });
});
