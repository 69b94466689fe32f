import { describe, expect, it } from 'vitest';
import { anomalyMatches, anomalyQuery, countsOf, orderAnomalies } from './anomaly-filter.ts';
import { ago, anomalyAnswer, episodeAnswer, NOW } from './answers.fixture.ts';
import { episodeMatches, episodeQuery } from './episode-filter.ts';
import { spanStart } from './time-spans.ts';
import { anomalyLanes, episodeLane, spanOf } from './timeline-lanes.ts';

const ALL = { q: '', severity: '', type: '', detector: '', node: '', state: 'open', from: null };

describe('anomalies', () => {
  const one = anomalyAnswer({ node: 'n7', type: 'ecc_sbe_rate', detector: 'conditions', severity: 'warning' });
  it.each([
    [{}, true],
    [{ severity: 'warning' }, true],
    [{ severity: 'critical' }, false],
    [{ type: 'ecc_sbe_rate', node: 'n7' }, true],
    [{ detector: 'zscore' }, false],
    [{ q: 'N7 conditions' }, true],
    [{ q: 'n7 n8' }, false],
    [{ from: NOW - 10 * 60_000 }, true],
    [{ from: NOW - 60_000 }, false],
  ])('that pass %o: %s', (changes, expected) => {
    expect(anomalyMatches(one, { ...ALL, ...changes })).toBe(expected);
  });

  it('are asked for by what the API can tell apart', () => {
    expect(anomalyQuery({ ...ALL, q: 'x', severity: 'info', from: 5 })).toEqual({
      severity: 'info',
      state: 'open',
      from: 5,
    });
    expect(anomalyQuery({ ...ALL, state: 'all' })).toEqual({});
  });

  it('are ordered and counted', () => {
    const list = [
      anomalyAnswer({ id: 'old', opened_at: ago(90) }),
      anomalyAnswer({ id: 'over', severity: 'critical', state: 'closed', opened_at: ago(1) }),
      anomalyAnswer({ id: 'bad', severity: 'critical', opened_at: ago(50) }),
    ];
    const ids = (order: string): string =>
      orderAnomalies(list, order)
        .map(({ id }) => id)
        .join();
    expect(ids('')).toBe('bad,old,over');
    expect(ids('newest')).toBe('over,bad,old');
    expect(ids('oldest')).toBe('old,bad,over');
    expect(countsOf(list, 'severity')).toEqual([
      ['critical', 2],
      ['warning', 1],
    ]);
  });
});

describe('episodes', () => {
  const one = episodeAnswer({ job: 'ml/train', node: 'n3' });
  it.each([
    [{ q: 'xid 13', state: '' }, true],
    [{ q: 'XID45', state: '' }, true],
    [{ q: 'train n3', state: 'open' }, true],
    [{ q: '', state: 'closed' }, false],
    [{ q: 'xid 79', state: '' }, false],
  ])('that pass %o: %s', (filter, expected) => {
    expect(episodeMatches(one, filter)).toBe(expected);
  });

  it('are asked for by what the API can tell apart', () => {
    expect(episodeQuery({ severity: '', category: 'memory', id: '' }, null)).toEqual({ category: 'memory' });
  });
});

describe('a timeline', () => {
  it('holds everything, with room, and ends now while something goes on', () => {
    const over = episodeLane(
      episodeAnswer({ started_at: ago(60), ended_at: ago(40), reset_at: ago(30), cured: true }),
      'a',
      NOW,
    );
    const closed = spanOf([over], NOW);
    expect(closed.from).toBeLessThan(NOW - 60 * 60_000);
    expect(closed.to).toBeGreaterThan(NOW - 30 * 60_000);
    expect(over.says).toMatch(/^a: .+cured.+a reset after it$/);
    const open = spanOf([over, episodeLane(episodeAnswer({ started_at: ago(10) }), 'b', NOW)], NOW);
    expect(open.to).toBe(NOW);
  });

  it('has a lane of an anomaly as long as it was open', () => {
    const [open, over] = anomalyLanes([
      anomalyAnswer(),
      anomalyAnswer({ id: 'b', state: 'closed', closed_at: ago(2) }),
    ]);
    expect([open?.to, over?.to]).toEqual([null, NOW - 2 * 60_000]);
  });
});

it.each([
  ['1h', NOW - 3_600_000],
  ['all', null],
  ['', NOW - 24 * 3_600_000],
  ['nonsense', NOW - 24 * 3_600_000],
])('a list that looks back %j begins at %s', (id, expected) => {
  expect(spanStart(id, '24h', NOW + 30_000)).toBe(expected);
});
