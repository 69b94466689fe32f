import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kaplanMeier, survivalAt } from './kaplan-meier.ts';
import { isThere, readTable } from './survival-data.fixture.ts';

const fixture: {
  readonly made: Readonly<Record<string, readonly number[]>>;
  readonly made_kaplan_meier: Readonly<Record<'times' | 'survival' | 'low' | 'high', readonly number[]>>;
} = JSON.parse(readFileSync(join(import.meta.dirname, 'lifelines.fixture.json'), 'utf8'));

it.skipIf(!isThere('survival'))('is that of R, with its interval (skipped without ../shared/data/survival)', () => {
  const rossi = readTable('survival/rossi.csv');
  const curve = kaplanMeier({ stop: rossi.numbers('week'), events: Uint8Array.from(rossi.numbers('arrest')) });
  const reference = readTable('survival/R_rossi_km.csv');
  expect(curve.times).toEqual(reference.numbers('t'));
  expect(curve.at_risk).toEqual(reference.numbers('n'));
  expect(curve.events).toEqual(reference.numbers('d'));
  reference.numbers('S').forEach((survival, i) => {
    expect(curve.survival[i]).toBeCloseTo(survival, 10);
    // R keeps the error of log survival.
    expect((curve.standard_error[i] as number) / survival).toBeCloseTo(reference.numbers('se')[i] as number, 10);
    expect(curve.low[i]).toBeCloseTo(reference.numbers('lo')[i] as number, 10);
    expect(curve.high[i]).toBeCloseTo(reference.numbers('hi')[i] as number, 10);
  });
});

it('is that of lifelines, with starts', () => {
  const curve = kaplanMeier(
    {
      start: Float64Array.from(fixture.made.start ?? []),
      stop: Float64Array.from(fixture.made.stop ?? []),
      events: Uint8Array.from(fixture.made.event ?? []),
    },
    { interval: 'log-log' },
  );
  const { times, survival, low, high } = fixture.made_kaplan_meier;
  let compared = 0;
  curve.times.forEach((time, k) => {
    const at = times.indexOf(time);
    expect(at).toBeGreaterThanOrEqual(0);
    expect(curve.survival[k]).toBeCloseTo(survival[at] as number, 10);
    expect(curve.low[k]).toBeCloseTo(low[at] as number, 10);
    expect(curve.high[k]).toBeCloseTo(high[at] as number, 10);
    compared++;
  });
  expect(compared).toBeGreaterThan(20);
});

describe('survival', () => {
  it('is the share that is left where nobody is censored', () => {
    const curve = kaplanMeier({ stop: Float64Array.of(3, 1, 2, 2), events: new Uint8Array(4).fill(1) });
    expect([...curve.times]).toEqual([1, 2, 3]);
    expect([...curve.survival]).toEqual([0.75, 0.25, 0]);
    expect(curve.low[2]).toBeNaN();
    expect([0, 1, 1.5, 2, 9].map((time) => survivalAt(curve, time))).toEqual([1, 0.75, 0.75, 0.25, 0]);
  });

  it('stays 1 while nothing happens', () => {
    const { survival, low, high } = kaplanMeier({ stop: Float64Array.of(1, 2), events: new Uint8Array(2) });
    expect([...survival, ...low, ...high]).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('has those at risk who were censored at the same time', () => {
    const { at_risk, survival } = kaplanMeier({ stop: Float64Array.of(1, 1), events: Uint8Array.of(1, 0) });
    expect([...at_risk, ...survival]).toEqual([2, 0.5]);
  });

  it('of nobody is empty', () => {
    expect(kaplanMeier({ stop: new Float64Array(), events: new Uint8Array() }).times).toHaveLength(0);
  });
});
