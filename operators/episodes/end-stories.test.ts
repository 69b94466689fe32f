import { describe, expect, it } from 'vitest';
import { brief, type Happens, runEpisodes } from './episodes.fixture.ts';

const H = 3_600;

describe('the end of stories of lost GPUs', () => {
  it.each<[string, Happens[], number, string[]]>([
    [
      'a lost GPU that nobody ever tells of again ends a week later',
      [
        { at: 0, xid: 79 },
        { at: 30, anomaly: 'gpu_lost' },
      ],
      7 * 24 * H + 120,
      ['a *79 gpu_lost critical bus reboot_node ended@30 x2'],
    ],
    [
      'not while something else of it is open',
      [
        { at: 0, anomaly: 'ecc_sbe_rate' },
        { at: 30, anomaly: 'gpu_lost' },
      ],
      7 * 24 * H + 120,
      ['a - ecc_sbe_rate+gpu_lost critical memory drain_and_reset open x2'],
    ],
  ])('%s', (_, happenings, until, expected) => {
    expect(brief(runEpisodes(happenings, until).told)).toEqual(expected);
  });
});
