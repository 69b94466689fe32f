import { expect, it } from 'vitest';
import { availabilityText, hoursText } from './report-rows.ts';

it.each([
  [null, 'n/a'],
  [1, '100.000 %'],
  [0.9999999, '99.999 %'],
  [0.995, '99.500 %'],
])('an availability of %s is %s', (ratio, text) => {
  expect(availabilityText(ratio)).toBe(text);
});

it.each([
  [null, 'n/a'],
  [0, '0.0'],
  [0.25, '0.250'],
  [730.04, '730.0'],
])('%s hours are %s', (hours, text) => {
  expect(hoursText(hours)).toBe(text);
});
