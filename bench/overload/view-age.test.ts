import { describe, expect, it } from 'vitest';
import { viewAge } from './view-age.ts';

describe('the age of a view', () => {
  it('is the time since the engine was there, however fast event time went', () => {
    const view = viewAge();
    expect(view.age(100)).toBe(0);
    view.told(0, 10_000);
    view.told(500, 11_000);
    expect(view.age(250)).toBe(500);
    view.told(8_500, 12_000);
    expect(view.age(4_500)).toBe(500);
    expect(view.age(250)).toBe(1_500);
  });

  it('is not made large by an engine that waits, and is none where the view is as far', () => {
    const view = viewAge();
    view.told(0, 0);
    view.told(1_000, 1_000);
    view.told(1_001, 2_000);
    expect(view.age(900)).toBe(1_100);
    expect(view.age(1_001)).toBe(0);
    expect(view.age(2_000)).toBe(0);
  });

  it('is at least what is known when the view is older than all that was told', () => {
    const view = viewAge();
    view.told(5_000, 1_000);
    view.told(6_000, 2_000);
    expect(view.age(10)).toBe(1_000);
  });
});
