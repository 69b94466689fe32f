import { expect, it } from 'vitest';
import { MARGINS } from '../conditions/margins.fixture.ts';
import { boardOf, limitsOf } from './board-limits.ts';
import { observationsOf, WELL } from './observations.fixture.ts';
import { slowdownCelsius } from './thermal-terms.ts';

it.each(MARGINS)('%s: a margin as conditions and forecasts believe it', (_, model, die_c, margin_c, believed) => {
  const limits = limitsOf(boardOf(model));
  const seen = observationsOf({ ...WELL, gpu_temp_celsius: die_c, temp_margin_celsius: margin_c });
  expect(slowdownCelsius(seen, limits)).toBe(believed ? die_c + margin_c : limits.gpu_celsius);
});
