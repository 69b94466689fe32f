import { describe, expect, it } from 'vitest';
import { healthAnswer, summaryRow } from './answers.fixture.ts';
import { healthOf } from './board-health.ts';
import { COLOUR_MODES, colourMode } from './colour-modes.ts';
import { fleetGpu } from './fleet-gpu.ts';

const gpu = (score: number | null) =>
  fleetGpu([summaryRow()], healthOf(healthAnswer({ overall_score: score, health_grade: 'unknown' })));
const health = colourMode('health');

/** Relative luminance of WCAG 2. */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

it('is health unless another is asked for', () => {
  expect(COLOUR_MODES[0].id).toBe('health');
  expect(colourMode('').id).toBe('health');
  expect(colourMode('power').id).toBe('power');
});

describe('health', () => {
  it('is unknown without a score, which no number stands for', () => {
    expect(health.value(gpu(null))).toBeNull();
    expect(health.value(fleetGpu([summaryRow()], null))).toBeNull();
    expect(health.missing).toBe('unknown');
    expect(health.value(gpu(0))).toBe(0);
  });

  it.each([
    [100, ''],
    [99.6, ''],
    [99.4, '99'],
    [0, '0'],
  ])('writes %d as "%s"', (score, text) => {
    expect(health.cell(score)).toBe(text);
  });

  it.each([
    ['dark', 1],
    ['light', -1],
  ] as const)('only gets lighter or only darker as it gets worse, in the %s theme', (theme, way) => {
    const steps = [100, 95, 90, 80, 70, 50, 40, 20, 0].map((score) => luminance(health.colour(theme, score)) * way);
    steps.slice(1).forEach((step, i) => {
      expect(step, `step ${i}`).toBeGreaterThan(steps[i] ?? Number.NaN);
    });
    expect(health.colour(theme, 99.9)).toBe(health.colour(theme, 100));
  });

  it('tells 80 from 100 by lightness alone', () => {
    const ratio = (theme: 'dark' | 'light'): number => {
      const [a = 0, b = 0] = [100, 80].map((score) => luminance(health.colour(theme, score)) + 0.05).sort();
      return b / a;
    };
    expect(ratio('dark')).toBeGreaterThan(1.4);
    expect(ratio('light')).toBeGreaterThan(1.2);
  });
});
