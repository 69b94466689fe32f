import { describe, expect, it } from 'vitest';
import { START_MS } from '../core/laws.fixture.ts';
import { brief, type Happens, runEpisodes } from './episodes.fixture.ts';

const H = 3_600;

describe('stories that a reset alone can end', () => {
  const cases = [119, 79, 48, 95].map((xid) => ({ at: 0, xid }));

  it.each(cases)('wait for it through silence, and say so once: XID $xid', (fault) => {
    const { told } = runEpisodes([fault], 6 * 24 * H);
    expect(told.map(({ ended_at, explanation }) => [ended_at, explanation.includes('it waits for one')])).toEqual([
      [null, false],
      [null, true],
    ]);
    expect(told[1]?.explanation).toMatch(
      / Quiet since 2026-01-01 00:00:00 UTC, but no reset was seen since: it waits for one\.$/,
    );
    expect(runEpisodes([fault], 6 * 24 * H, { restore: true }).told).toEqual(told);
  });

  it.each(cases)('end with the first one, however late: XID $xid', (fault) => {
    const { told } = runEpisodes([fault, { at: 5 * 24 * H, reset: true }], 7 * 24 * H);
    expect(told.at(-1)).toMatchObject({ ended_at: START_MS, reset_at: START_MS + 5 * 24 * H * 1_000, cured: true });
    expect(told.at(-1)?.explanation).not.toContain('waits');
  });

  it.each(cases)('are given up after a week, and say so: XID $xid', (fault) => {
    const { told } = runEpisodes([fault], 8 * 24 * H);
    expect(told.at(-1)).toMatchObject({ ended_at: START_MS, reset_at: null, cured: null });
    expect(told.at(-1)?.explanation).toMatch(
      / Quiet since 2026-01-01 00:00:00 UTC; no reset was seen, and it is no longer waited for\.$/,
    );
    expect(told).toHaveLength(3);
  });

  it.each<[string, Happens[]]>([
    ['a program', [{ at: 0, xid: 31 }]],
    ['a warning', [{ at: 0, xid: 63 }]],
    [
      'an anomaly, which tells itself when it is over',
      [
        { at: 0, anomaly: 'ecc_sbe_rate' },
        { at: 60, anomaly: 'ecc_sbe_rate', opened: 0, closed: 60 },
      ],
    ],
  ])('are not those of %s', (_, happenings) => {
    expect(runEpisodes(happenings, H).told.at(-1)?.ended_at).not.toBeNull();
  });

  it('wait for the fault itself while anomalies of it come and go', () => {
    const happenings: Happens[] = [
      { at: 0, xid: 79 },
      { at: 30, anomaly: 'gpu_lost' },
      { at: 900, anomaly: 'gpu_lost', opened: 30, closed: 900 },
    ];
    expect(brief(runEpisodes(happenings, 24 * H).told)).toEqual(['a *79 gpu_lost critical bus reboot_node open x2']);
  });
});

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
