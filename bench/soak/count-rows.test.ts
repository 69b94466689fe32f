import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { comparePages, explainMissing, type OddPage } from './count-rows.ts';
import { readServed, ServedLog, type ServedPage, servedMinutes } from './served-log.ts';

const NODES = ['a', 'b'];
const page = (ts: number, node: number, rows = 8, cut_after_ms: number | null = null): ServedPage => ({
  ts,
  node,
  rows,
  cut_after_ms,
});

describe('the log of what was served', () => {
  const dir = mkdtempSync(join(tmpdir(), 'gpu-vitals-served-'));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('gives back every page in the minute of its time, with how long after it was hung up on', () => {
    const log = new ServedLog(dir);
    const pages = [page(59_999, 0), page(60_000, 1, 7, 250), page(60_500, 0, 0, 9_999_999)];
    for (const one of pages) log.add(one);
    log.flush();
    log.add(page(60_001, 1));
    log.flush();
    expect(servedMinutes(dir)).toEqual([0, 1]);
    expect(readServed(dir, 0)).toEqual([pages[0]]);
    expect(readServed(dir, 1)).toEqual([page(60_000, 1, 7, 250), page(60_500, 0, 0, 655_340), page(60_001, 1)]);
    expect(readServed(dir, 2)).toEqual([]);
  });
});

describe('pages against the table', () => {
  const served = [page(1_000, 0), page(1_000, 1), page(2_000, 0)];
  const whole = served.map(({ ts, node, rows }) => ({ ts, node: NODES[node] as string, n: rows }));

  it('finds nothing where everything is there once', () => {
    expect(comparePages(served, whole, NODES)).toEqual({ stored_rows: 24, missing: [], uneven: [], strange_rows: 0 });
  });

  it('does not miss a page without rows', () => {
    expect(comparePages([page(1_000, 0, 0)], [], NODES).missing).toEqual([]);
  });

  it.each([
    ['a page that is not there', whole.slice(1), { missing: 1, uneven: 0, strange_rows: 0 }],
    ['a row too few', [{ ...whole[0], n: 7 }, ...whole.slice(1)], { missing: 0, uneven: 1, strange_rows: 0 }],
    ['a row twice', [{ ...whole[0], n: 9 }, ...whole.slice(1)], { missing: 0, uneven: 1, strange_rows: 0 }],
    [
      'a page twice, at another instant',
      [...whole, { ts: 1_001, node: 'a', n: 8 }],
      { missing: 0, uneven: 0, strange_rows: 8 },
    ],
  ])('finds %s', (_, stored, expected) => {
    const found = comparePages(served, stored as typeof whole, NODES);
    expect({
      missing: found.missing.length,
      uneven: found.uneven.length,
      strange_rows: found.strange_rows,
    }).toEqual(expected);
  });
});

describe('why a page is missing', () => {
  const kills = [{ from: 100_000, to: 100_300 }];
  const stops = [{ from: 200_000, to: 205_000 }];
  const missing = (ts: number, cut_after_ms: number | null): OddPage => ({
    ...page(ts, 0, 8, cut_after_ms),
    stored_rows: 0,
  });

  it.each([
    ['killed', 'just before a kill', missing(99_800, 200)],
    ['killed', 'just before a kill, on a connection that was used again', missing(99_800, null)],
    ['killed', 'after the signal, before the end', missing(100_200, 90)],
    ['killed', 'asked for before the end, answered behind it', missing(100_700, null)],
    ['lost', 'asked for by its successor', missing(101_300, null)],
    ['lost', 'long before a kill, so that it had to be on the spool', missing(98_000, 2_000)],
    ['lost', 'taken, and no kill near', missing(150_000, null)],
    ['given_up', 'the collector hung up', missing(150_000, 1_000)],
    ['stopped', 'the collector stood still and hung up when it woke', missing(199_500, 5_600)],
  ] as const)('%s: %s', (why, _, one) => {
    const found = explainMissing([one], kills, stops);
    const counts = { killed: found.killed, stopped: found.stopped, given_up: found.given_up, lost: found.lost.length };
    expect(counts).toEqual({ killed: 0, stopped: 0, given_up: 0, lost: 0, [why]: 1 });
  });

  it('tells how long before its kill the oldest was served', () => {
    const found = explainMissing([missing(99_900, 100), missing(99_700, 300)], kills, stops);
    expect(found.killed_lead_max_ms).toBe(300);
  });
});
