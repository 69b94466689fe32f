import { describe, expect, it } from 'vitest';
import { hours, minutes } from '../../pipeline/contract/time.ts';
import { random } from '../core/laws.fixture.ts';
import { forgetBefore, offerRow, type RowReservoir, reservoirRows } from './row-reservoir.ts';

const START_MS = Date.UTC(2026, 0, 1);

interface Offer {
  readonly gpu: string;
  readonly ts: number;
  readonly row: readonly number[];
}

const offers = (span: number, gpus: number): Offer[] =>
  Array.from({ length: Math.floor(span / minutes(5)) }, (_, i) => i).flatMap((i) =>
    Array.from({ length: gpus }, (__, gpu) => ({ gpu: `GPU-${gpu}`, ts: START_MS + i * minutes(5), row: [i, gpu] })),
  );

function take(list: readonly Offer[], rows_per_slot = 8): RowReservoir {
  const reservoir: RowReservoir = [];
  for (const offer of list) offerRow(reservoir, offer, rows_per_slot);
  return reservoir;
}

describe('row reservoir', () => {
  it('holds a day, evenly, whatever comes', () => {
    const reservoir = take(offers(hours(60), 12));
    expect(reservoir).toHaveLength(12);
    for (const { rows } of reservoir) expect(rows).toHaveLength(8);
    const rows = reservoirRows(reservoir);
    expect(Math.min(...rows.map(({ row }) => row[0] as number))).toBeGreaterThanOrEqual((60 - 24) * 12);
  });

  it('does not mind the order in which a day comes', () => {
    const list = offers(hours(20), 6);
    const next = random(4);
    const shuffled = list.map((offer) => ({ offer, at: next() })).sort((a, b) => a.at - b.at);
    expect(reservoirRows(take(shuffled.map(({ offer }) => offer)))).toEqual(reservoirRows(take(list)));
  });

  it('draws GPUs and instants alike', () => {
    const seen = new Array<number>(16).fill(0);
    for (const { row } of reservoirRows(take(offers(hours(24), 16), 64))) {
      const gpu = row[1] as number;
      seen[gpu] = (seen[gpu] as number) + 1;
    }
    // 768 draws over 16 GPUs: 48 each, give or take four standard deviations.
    for (const count of seen) expect(Math.abs(count - 48)).toBeLessThan(4 * Math.sqrt(48));
  });

  it('keeps no row twice, none of days past, and forgets with time alone', () => {
    const reservoir = take(offers(hours(24), 4));
    const tickets = reservoirRows(reservoir).map(({ ticket }) => ticket);
    expect(new Set(tickets).size).toBe(tickets.length);
    const before = JSON.stringify(reservoir);
    offerRow(reservoir, { gpu: 'GPU-0', ts: START_MS - hours(3), row: [0, 0] }, 8);
    expect(JSON.stringify(reservoir)).toBe(before);
    forgetBefore(reservoir, START_MS + hours(30));
    expect(reservoir.length).toBeLessThan(12);
    forgetBefore(reservoir, START_MS + hours(72));
    expect(reservoir).toEqual([]);
  });
});
