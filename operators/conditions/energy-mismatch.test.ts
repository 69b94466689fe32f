import { describe, expect, it } from 'vitest';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import { follow, healthy, told } from './conditions.fixture.ts';

const MINUTE = 60_000;
const FROM = 32 * MINUTE;
const UNTIL = 152 * MINUTE;

/** Three and a half hours of a board at about 400 W whose counter runs at `pace` of it between FROM and UNTIL. */
function course(pace: number, frozen = false): Anomaly[] {
  let joules = 1e9;
  let last = 0;
  return follow({
    cadence_ms: 10_000,
    span_ms: 210 * MINUTE,
    at(now) {
      const ms = frozen && now > FROM && now < UNTIL ? FROM : now;
      const power = 400 + 20 * Math.sin(ms / 50_000);
      joules += ((ms - last) / 1_000) * power * (ms > FROM && ms <= UNTIL && !frozen ? pace : 1);
      last = ms;
      return { ...healthy(FROM), power_watts: power, energy_joules_total: joules };
    },
  });
}

describe('energy against power', () => {
  it('does not tell the energy that a frozen exporter brings along when it wakes', () => {
    expect(told(course(1, true))).toEqual([]);
  });

  it('tells a counter that runs slow, with figures that belong together', () => {
    const items = course(0.6);
    expect(told(items)).toEqual(['energy_mismatch warning open', 'energy_mismatch warning closed']);
    const [open, closed] = items.map(({ explanation }) => explanation);
    const [, off, counted, read] =
      /up to ([\d.]+) % .*; lately (\d+) W by the counter, (\d+) W read/.exec(open ?? '') ?? [];
    expect(Number(off)).toBeCloseTo(40, 0);
    expect(Math.abs(Number(counted) / Number(read) - 0.6)).toBeLessThan(0.02);
    expect(closed).toMatch(
      /^The energy counter differs by up to 4\d(\.\d+)? % from the power reading \(limit 20 %\), from /,
    );
  });
});
