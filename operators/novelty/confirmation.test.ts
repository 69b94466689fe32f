import { describe, expect, it } from 'vitest';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import { minutes } from '../../pipeline/contract/time.ts';
import { confirm, forgetWatches, type Watches } from './confirmation.ts';

const EVERY = minutes(30);

/** One letter an evaluation, half an hour apart: `.` calm, `h` strange, `s` very strange; what was told after each. */
function run(letters: string, watches: Watches = {}): string[] {
  const told: string[] = [];
  [...letters].forEach((letter, i) => {
    const ts = (i + 1) * EVERY;
    const tell = (severity: Anomaly['severity'], opened_at: number): Anomaly =>
      ({
        id: `id-${ts}`,
        severity,
        opened_at,
        ts: opened_at,
        metric: `m-${i}`,
        state: 'open',
        explanation: 'It is.',
      }) as Anomaly;
    confirm(watches, { gpu: 'a/', ts, every: EVERY, hot: letter !== '.', strong: letter === 's' }, tell, (anomaly) =>
      told.push(`${i} ${anomaly.state} ${anomaly.severity} ${anomaly.id} ${anomaly.metric}`),
    );
  });
  return told;
}

const opened = (at: number): string => `id-${(at + 1) * EVERY}`;

describe('confirmation', () => {
  it.each<[string, string, string[]]>([
    ['two of five', 'h...h....', []],
    ['three of five', 'h.h.h', [`4 open info ${opened(4)} m-4`]],
    ['three of six', 'h.h..h', []],
    ['three in a row, then five calm', 'hhh.....', [`2 open info ${opened(2)} m-2`, `7 closed info ${opened(2)} m-2`]],
    ['a calm while that is too short', 'hhh....h....', [`2 open info ${opened(2)} m-2`]],
    ['very strange from the start', 'sss', [`2 open warning ${opened(2)} m-2`]],
    [
      'strange, then very strange: the same anomaly',
      'hhhsss',
      [`2 open info ${opened(2)} m-2`, `5 open warning ${opened(2)} m-2`],
    ],
    ['a warning stays one while it calms', 'ssshhh', [`2 open warning ${opened(2)} m-2`]],
  ])('%s', (_, letters, expected) => {
    expect(run(letters)).toEqual(expected);
  });

  it('remembers nothing of the calm, and forgets what it closed', () => {
    const watches: Watches = {};
    run('.........', watches);
    expect(watches).toEqual({});
    run('h.....', watches);
    expect(watches).toEqual({});
    run('hhh.....', watches);
    expect(watches).toEqual({});
  });

  it('counts evaluations that are too close together once', () => {
    const watches: Watches = {};
    const told: Anomaly[] = [];
    for (let i = 0; i < 9; i++) {
      const evaluation = { gpu: 'a/', ts: i * minutes(5), every: EVERY, hot: true, strong: false };
      confirm(
        watches,
        evaluation,
        () => ({ state: 'open' }) as Anomaly,
        (anomaly) => told.push(anomaly),
      );
    }
    expect(told).toEqual([]);
    expect(watches['a/']?.hot).toBe(0b11);
  });

  it('stays shut while nobody can say why', () => {
    const watches: Watches = {};
    for (let i = 0; i < 6; i++) {
      const evaluation = { gpu: 'a/', ts: i * EVERY, every: EVERY, hot: true, strong: true };
      confirm(
        watches,
        evaluation,
        () => null,
        () => expect.unreachable(),
      );
    }
    expect(watches['a/']?.open).toBeNull();
  });

  it('closes what was not evaluated for long', () => {
    const watches: Watches = {};
    run('hhh', watches);
    const told: Anomaly[] = [];
    forgetWatches(watches, 3 * EVERY, 99 * EVERY, (anomaly) => told.push(anomaly));
    expect(told).toEqual([]);
    forgetWatches(watches, 4 * EVERY, 99 * EVERY, (anomaly) => told.push(anomaly));
    expect(told).toMatchObject([{ state: 'closed', closed_at: 99 * EVERY, id: opened(2) }]);
    expect(watches).toEqual({});
  });
});
