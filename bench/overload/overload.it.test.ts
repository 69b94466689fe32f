import { expect, it } from 'vitest';
import { reached } from '../print-figures.ts';
import { benchOverload, OVERLOAD_DEFAULTS } from './overload.ts';

/** More than any machine can take in the seconds given. */
const FAR_TOO_MANY = 400_000;

it('under more than it can take nothing is lost, memory stays, lag is told and alerts do not wait', {
  timeout: 170_000,
}, async () => {
  const figures = await benchOverload({
    ...OVERLOAD_DEFAULTS,
    gpus: 400,
    rows_per_s: FAR_TOO_MANY / 100,
    times: 100,
    seconds: 3,
    calm_seconds: 3,
    stream_max_mib: 1_024,
    quick: true,
    dist: new URL('../../dist/', import.meta.url),
    say: () => undefined,
  });
  const value = (name: string): number => figures.find((figure) => figure.name === name)?.value ?? Number.NaN;
  expect(value('behind at the end of it')).toBeGreaterThan(100);
  expect(value('rows published')).toBeGreaterThan(20_000);
  // It is told once a second, and an overload of three is half worked off by then.
  expect(value('most behind, as told')).toBeGreaterThan(value('most behind') / 4);
  expect(value('messages of the fleet view')).toBeGreaterThan(0);
  for (const name of [
    'rows lost or doubled',
    'lag told too late or wrong',
    'caught up, at half load',
    'alerts that never came',
    'engine, own memory under it',
    'API and live, own memory under it',
    'fleet view behind the engine, p99',
    'alert after its row was live, p99',
  ]) {
    const figure = figures.find((one) => one.name === name);
    expect(figure && reached(figure), `${name}: ${figure?.value}`).toBe(true);
  }
});
