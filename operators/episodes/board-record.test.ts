import { describe, expect, it } from 'vitest';
import { brief, type Happens, runEpisodes } from './episodes.fixture.ts';

const H = 3_600;

describe('sensors in stories', () => {
  it.each<[string, Happens[], number, string[]]>([
    [
      'counters that lie ever since a fault of a program are a matter of the sensor',
      [
        { at: 0, xid: 31, job: 'j' },
        { at: 6 * 60, anomaly: 'sensor_lying', severity: 'warning' },
      ],
      H,
      ['a *31 sensor_lying warning sensor restart_application open x2'],
    ],
    [
      'but not those that begin to lie half an hour later',
      [
        { at: 0, xid: 31, job: 'j' },
        { at: 30 * 60, anomaly: 'sensor_lying', severity: 'warning' },
      ],
      H,
      ['a *31 - warning application restart_application ended@0 x1'],
    ],
    ['and a lying sensor alone is no story', [{ at: 0, anomaly: 'sensor_lying', severity: 'warning' }], H, []],
  ])('%s', (_, happenings, until, expected) => {
    expect(brief(runEpisodes(happenings, until).told)).toEqual(expected);
  });
});
