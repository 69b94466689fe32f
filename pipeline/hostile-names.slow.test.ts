import { expect, it } from 'vitest';
import { systemClock } from './clock.ts';
import { hours, seconds } from './contract/time.ts';
import { scoreSamples } from './score-samples.ts';

const T0 = Date.UTC(2026, 0, 1);
/** What every object has without being asked. */
const NAMES = Object.getOwnPropertyNames(Object.prototype);

/** Two hours in which the board is too hot, falls off the bus and comes back. */
const samplesOf = (name: string): Record<string, unknown>[] =>
  Array.from({ length: hours(2) / seconds(10) }, (_, i) => ({
    ts: T0 + i * seconds(10),
    node: name,
    gpu_uuid: name,
    model: name,
    job: name,
    pci_bus_id: name,
    gpu_temp_celsius: 95,
    gpu_util_ratio: 0.9,
    power_watts: 500,
    ecc_dbe_volatile_total: i > 60 ? 1 : 0,
    ...(i > 0 && i % 90 === 0 ? { xids: [79, 48] } : {}),
  }));

it.each(NAMES)(
  'a node, GPU, model and job called %s are judged like any other, and change nothing else',
  async (name) => {
    const before = NAMES.map((one) => Object.getOwnPropertyDescriptor(Object.prototype, one));
    const asset = { model: name, rack: name, cluster: name, owner: name };
    const { score, refused } = await scoreSamples({
      samples: samplesOf(name),
      profile: 'default',
      asset,
      clock: systemClock,
    });
    expect(refused).toEqual([]);
    expect(score).toMatchObject({ gpu_uuid: name, node: name, health_grade: 'critical' });
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(NAMES);
    expect(NAMES.map((one) => Object.getOwnPropertyDescriptor(Object.prototype, one))).toEqual(before);
  },
);
