import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCsvTable } from './csv-table.fixture.ts';
import type { XidCategory } from './xid-table.ts';
import { XID_CODES, type XidEntry, xidEntry } from './xids.ts';

const TABLE = join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'dcgm-exporter', 'xid.csv');
const entries: XidEntry[] = XID_CODES.map(xidEntry);

/** How the categories of the collected table, which mixes program and driver as `software`, become ours. */
const CATEGORIES: Readonly<Record<string, readonly XidCategory[]>> = {
  memory: ['memory'],
  pcie: ['bus'],
  nvlink: ['fabric'],
  power: ['power'],
  software: ['application', 'driver'],
  other: ['application', 'driver', 'memory', 'thermal', 'sensor', 'unknown'],
};

describe('XID catalogue', () => {
  it.skipIf(!existsSync(TABLE))('agrees with the collected table in every code (needs ../shared/data)', () => {
    const rows = parseCsvTable(readFileSync(TABLE, 'utf8'));
    expect(rows.map(({ xid }) => Number(xid))).toEqual(XID_CODES);
    for (const { xid, severity, category } of rows) {
      const entry = xidEntry(Number(xid));
      expect({ xid, severity: entry.severity }).toEqual({ xid, severity });
      expect(CATEGORIES[category ?? ''], `XID ${xid}`).toContain(entry.category);
    }
  });

  it('is the table that was checked', () => {
    const facts = entries.map(({ xid, severity, category, first, next }) => [xid, severity, category, first, next]);
    const digest = createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 16);
    expect({ codes: entries.length, digest }).toEqual({ codes: 173, digest: 'f2764daf3d412e0c' });
    const count = (severity: string): number => entries.filter((entry) => entry.severity === severity).length;
    expect([count('critical'), count('warning'), count('info')]).toEqual([22, 128, 23]);
  });

  it('has each code once, with a name, and asks for something whenever it is critical', () => {
    expect(new Set(XID_CODES).size).toBe(XID_CODES.length);
    for (const entry of entries) {
      expect(entry.name, `XID ${entry.xid}`).not.toBe('');
      if (entry.severity === 'critical') expect(entry.first, `XID ${entry.xid}`).not.toBe('none');
    }
  });

  it('explains in words what people meet', () => {
    const met = [13, 31, 32, 43, 45, 48, 61, 62, 63, 64, 68, 69, 74, 79, 92, 94, 95, 109, 110, 119, 120, 121, 122, 123];
    const newer = [136, 137, 140, 143, 144, 145, 146, 147, 148, 149, 150, 154];
    for (const xid of [...met, ...newer]) expect(xidEntry(xid).meaning, `XID ${xid}`).toMatch(/^[A-Z].*\.$/);
  });

  it('never leads an effect back to itself', () => {
    const reaches = (from: number, to: number, seen: readonly number[] = []): boolean => {
      const { follows } = xidEntry(from);
      if (follows === null || follows === 'any' || seen.includes(from)) return false;
      return follows.includes(to) || follows.some((cause) => reaches(cause, to, [...seen, from]));
    };
    expect(XID_CODES.filter((xid) => reaches(xid, xid))).toEqual([]);
  });

  it.each([0, 174, 65_535, -1, 1.5, Number.NaN])('has an answer for %d, which nobody knows', (xid) => {
    expect(xidEntry(xid)).toMatchObject({ severity: 'warning', category: 'unknown', follows: null });
  });
});
