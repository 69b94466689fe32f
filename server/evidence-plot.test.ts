import { describe, expect, it } from 'vitest';
import { DAY, rising, START } from './evidence.fixture.ts';
import { evidencePlot, shortNumber, utcMinute } from './evidence-plot.ts';
import { htmlText } from './html-text.ts';

describe('evidence plot', () => {
  const options = { title: 'x', marks: [], from: START, to: START + 100 * DAY };
  const path = (svg: string): string => /class="line" d="([^"]*)"/.exec(svg)?.[1] ?? '';

  it('keeps every spike of many readings in few points', () => {
    const points = Array.from({ length: 50_000 }, (_, i) => ({
      ts: START + (i / 500) * DAY,
      value: i === 31_234 ? 1_000 : i % 7,
    }));
    const drawn = path(evidencePlot({ points }, options));
    expect(drawn.length).toBeLessThan(40_000);
    expect(drawn).toContain(' 6.0');
  });

  it('draws no line over a silence, and a dot for a reading alone', () => {
    const points = [0, 1, 2, 50, 99, 100].map((day) => ({ ts: START + day * DAY, value: day }));
    const svg = evidencePlot({ points }, options);
    expect(path(svg).match(/M/g)).toHaveLength(2);
    expect(svg).toMatch(/class="dot" d="M371\.5 [\d.]+h0"/);
    // Readings that are always far apart are a line all the same.
    const seldom = [0, 20, 40, 60, 80, 100].map((day) => ({ ts: START + day * DAY, value: day }));
    expect(path(evidencePlot({ points: seldom }, options)).match(/M/g)).toHaveLength(1);
  });

  it('is empty without readings in the span, and straight for one value', () => {
    expect(evidencePlot({ points: [{ ts: START - DAY, value: 1 }] }, options)).toBe('');
    expect(path(evidencePlot({ points: rising([5, 5, 5]) }, options))).not.toContain('NaN');
  });

  it.each([
    [null, '\u2013'],
    [0, '0'],
    [54_700_000_000, '54,700,000,000'],
    [0.123_456, '0.1235'],
    [3e18, '3.00e+18'],
    [12_345.6, '12,346'],
  ])('writes %s as %s', (value, words) => expect(shortNumber(value)).toBe(words));

  it('writes instants by the minute', () => {
    expect(utcMinute(START)).toBe('2026-01-10 00:00 UTC');
    expect(utcMinute(9e15)).toBe('\u2013');
    expect(htmlText('a<b>&"\'`\u2067')).toBe('a&#60;b&#62;&#38;&#34;&#39;&#96;\ufffd');
  });
});
