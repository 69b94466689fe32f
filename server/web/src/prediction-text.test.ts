import { expect, it } from 'vitest';
import { chance, failureTime, modelText, reasonsOf, riskTone, trainedOn } from './prediction-text.ts';

it.each([
  [{ estimated_ttf_days: 41.2, ttf_low_days: 9, ttf_high_days: 122 }, 'about 41 d (80 %: 9 d to 122 d)'],
  [
    { estimated_ttf_days: 1.5, ttf_low_days: 0.25, ttf_high_days: null },
    'about 1 d 12 h (80 %: 6 h to beyond what it has seen)',
  ],
  [{ estimated_ttf_days: null, ttf_low_days: 300, ttf_high_days: null }, 'not before 300 d (80 %)'],
  [{ estimated_ttf_days: null, ttf_low_days: null, ttf_high_days: null }, 'beyond what the model has seen'],
  [{ estimated_ttf_days: 3, ttf_low_days: null, ttf_high_days: null }, 'about 3 d'],
])('tells the time to failure of %j', (prediction, text) => {
  expect(failureTime(prediction)).toBe(text);
});

it('says by what a prediction was made, and what that learned from', () => {
  expect(trainedOn({ model_name: 'heuristic', explanation: '' })).toBe('nothing');
  const said = (explanation: string) => trainedOn({ model_name: 'm', explanation });
  expect(said('3 % within 30 days. The model was trained on simulated fleets only.')).toBe('simulated');
  expect(said('3 % within 30 days. The model was trained on real and simulated fleets.')).toBe('mixed');
  expect(said('3 % within 30 days.')).toBe('real');
  expect(modelText({ model_name: 'heuristic', model_version: '1' })).toBe('heuristic');
  expect(modelText({ model_name: 'ensemble', model_version: '3' })).toBe('ensemble 3');
});

it('turns log-odds into odds, and shares into points', () => {
  const contributions = [
    { feature: 'gpu_temp_max', value: 91, contribution: Math.log(3) },
    { feature: 'gpu_age_days', value: 100, contribution: -Math.log(1.5) },
    { feature: 'power_usage_mean', value: null, contribution: 0 },
  ];
  expect(reasonsOf({ model_name: 'm', contributions }).map(({ direction, how_far }) => [direction, how_far])).toEqual([
    ['raises', 'odds × 3.00'],
    ['lowers', 'odds ÷ 1.50'],
    ['neither', 'does not speak for a failure'],
  ]);
  const [first] = reasonsOf({
    model_name: 'heuristic',
    contributions: [{ feature: 'gpu_temp_max', value: 91, contribution: 0.4 }],
  });
  expect(first).toMatchObject({ how_far: '+40 points', size: 1, value: '91 °C' });
  expect(reasonsOf({ model_name: 'm', contributions: [] })).toEqual([]);
});

it.each([
  [0, '0 %', 'healthy'],
  [0.00001, '<0.01 %', 'healthy'],
  [0.0023, '0.23 %', 'healthy'],
  [0.0234, '2.3 %', 'healthy'],
  [0.1, '10 %', 'warning'],
  [0.4567, '46 %', 'critical'],
  [1, '100 %', 'critical'],
])('shows %d as %s, %s', (p, text, tone) => {
  expect([chance(p), riskTone(p)]).toEqual([text, tone]);
});
