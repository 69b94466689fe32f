import { describe, expect, it } from 'vitest';
import { GPU_METRICS, ROLLUPS } from '../../pipeline/contract/tables.ts';
import { decodeCursor, decodePlace, encodeCursor } from './page.ts';
import { chooseResolution, seriesColumns } from './read-series.ts';
import { conditions, quoted } from './select-rows.ts';
import { createRollup, createTable } from './table-ddl.ts';

describe('statements', () => {
  it('quotes names and refuses what is none', () => {
    expect(quoted('window')).toBe('"window"');
    for (const name of ['', 'a b', 'a"', 'A', "x';--", '1a']) expect(() => quoted(name)).toThrow(TypeError);
  });

  it('binds every value', () => {
    const found = conditions();
    found.add('node', '=', "x' OR 1=1 --");
    found.add('metric', '=', undefined);
    found.add('ts', '>=', new Date(0));
    expect(found.where()).toBe(' WHERE "node" = $1 AND "ts" >= $2');
    expect(found.parameters).toEqual(["x' OR 1=1 --", new Date(0)]);
  });

  it('reads its own cursors and no others', () => {
    expect(decodeCursor(encodeCursor(12, 'a"b'), ['number', 'string'])).toEqual([12, 'a"b']);
    const numbers = [-1, 1.5, 1e300].map((number) => encodeCursor(number, 'a'));
    const others = [encodeCursor(1), encodeCursor('a', 'b'), Buffer.from('{}').toString('base64url')];
    for (const text of ['', 'x', ...others, ...numbers]) {
      expect(() => decodeCursor(text, ['number', 'string'])).toThrowError(
        expect.objectContaining({ code: 'GV-API-001' }),
      );
    }
  });

  it('reads a place in time in the order that gave it', () => {
    const cursor = encodeCursor(1_767_225_600_000, 3, 'DESC');
    expect(decodePlace(cursor, 'number', 'DESC')).toEqual([new Date(1_767_225_600_000), 3]);
    for (const [text, order] of [
      [cursor, 'ASC'],
      [encodeCursor(1_767_225_600_000, 3), 'DESC'],
      [encodeCursor(9e15, 3, 'DESC'), 'DESC'],
      [encodeCursor(1_767_225_600_000, -3, 'DESC'), 'DESC'],
    ] as const) {
      expect(() => decodePlace(text, 'number', order)).toThrowError(expect.objectContaining({ code: 'GV-API-001' }));
    }
  });

  it('gives lifetimes in whole partitions', () => {
    expect(createTable(GPU_METRICS)).toContain(
      'PARTITION BY HOUR TTL 90 DAYS WAL DEDUP UPSERT KEYS("ts", "gpu_uuid", "instance")',
    );
    expect(ROLLUPS.map((view) => /TTL \d+ \w+/.exec(createRollup(view, 'immediate'))?.[0])).toEqual([
      'TTL 365 DAYS',
      'TTL 365 DAYS',
      'TTL 12 MONTHS',
    ]);
  });

  it.each([
    [3_600_000, 1_000, 10_000, 'raw'],
    [4 * 3_600_000, 1_000, 10_000, '1m'],
    [2 * 86_400_000, 1_000, 10_000, '5m'],
    [30 * 86_400_000, 1_000, 10_000, '1h'],
    [3_650 * 86_400_000, 100, 10_000, '1h'],
    [3_600_000, 1_000, 1_000, '1m'],
  ] as const)('reads %d ms within %d points at one row per %d ms from %s', (span, points, interval, resolution) => {
    expect(chooseResolution(span, points, interval)).toBe(resolution);
  });

  it('knows which columns a rollup has', () => {
    const names = ['power_watts', 'pcie_replay_total', 'row_remap_failed', 'xid_last'] as const;
    expect(seriesColumns(names, 'raw')).toEqual(names);
    expect(seriesColumns(names, '5m')).toEqual([
      'power_watts_avg',
      'power_watts_min',
      'power_watts_max',
      'pcie_replay_total_min',
      'pcie_replay_total_max',
      'row_remap_failed_max',
    ]);
  });
});
