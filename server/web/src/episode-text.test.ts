import { expect, it } from 'vitest';
import { ago, episodeAnswer, NOW } from './answers.fixture.ts';
import { episodeCourse, episodeSpan, episodeTitle } from './episode-text.ts';
import { timeText } from './format-time.ts';

it('names an episode after what the rest follows from', () => {
  expect(episodeTitle(episodeAnswer())).toBe('Application: XID 13, graphics engine exception');
  expect(
    episodeTitle(episodeAnswer({ xids: [], primary_xid: null, category: 'memory', anomalies: ['ecc_sbe_rate'] })),
  ).toBe('Memory: ECC corrected rate');
});

it('says since when, until when, and how it ended', () => {
  expect(episodeSpan(episodeAnswer(), NOW)).toBe(`since ${timeText(NOW - 3_600_000, NOW)}, for 1 h`);
  const over = episodeAnswer({ ended_at: ago(30), cured: true });
  expect(episodeSpan(over, NOW)).toBe(`${timeText(NOW - 3_600_000, NOW)} to ${timeText(NOW - 1_800_000, NOW)}, 30 min`);
  expect(
    [episodeAnswer({ cured: false }), over, { ...over, cured: false }, { ...over, cured: null }].map(episodeCourse),
  ).toEqual(['goes on', 'cured', 'over, no cure seen', 'over, no cure seen']);
});
