import { describe, expect, it } from 'vitest';
import { bytesPerGpu, GroupState } from '../core/group-state.ts';
import { random, START_MS } from '../core/laws.fixture.ts';
import { stateSpecs } from '../core/lift.ts';
import {
  anomaly,
  type Entry,
  type Event,
  episode,
  GPUS,
  group,
  MINUTE_MS,
  make,
  minuteOf,
  run,
  vector,
} from './health.fixture.ts';
import { vectorOf, WELL } from './observations.fixture.ts';

describe('when health is told', () => {
  it('with the first vector, each that passes a quarter of an hour, and the final one', () => {
    const told = run([3, 8, 13, 18, 23, 28, 33].map((m) => vector(m)));
    expect(told.map(minuteOf)).toEqual([3, 18, 33]);
    expect(run([vector(3), vector(8), vector(9, {}, { final: true })]).map(minuteOf)).toEqual([3, 9]);
    expect(told[0]).toMatchObject({ gpu_uuid: 'GPU-a', node: 'node-0', overall_score: 100, profile: 'default' });
  });

  it('at once when a critical anomaly opens and when it closes, from the last vector', () => {
    const told = run([
      vector(3),
      anomaly(4),
      vector(8),
      anomaly(4, { state: 'closed', closed_at: START_MS + 9 * MINUTE_MS }),
    ]);
    expect(told.map((s) => [minuteOf(s), s.overall_score, s.health_grade])).toEqual([
      [3, 100, 'excellent'],
      [4, 40, 'critical'],
      [9, 100, 'excellent'],
    ]);
  });

  it('when an anomaly becomes critical, by the clock of the group', () => {
    const told = run([
      vector(3),
      anomaly(4, { severity: 'warning' }),
      { now: START_MS + 6 * MINUTE_MS },
      anomaly(4),
      anomaly(4, { score: 2 }),
    ]);
    expect(told.map((s) => [minuteOf(s), s.health_grade])).toEqual([
      [3, 'excellent'],
      [6, 'critical'],
    ]);
  });

  it('not for what is not critical, which counts from the next score on', () => {
    const told = run([vector(3), anomaly(4, { severity: 'warning' }), vector(8), vector(18)]);
    expect(told.map((s) => [minuteOf(s), s.memory_health])).toEqual([
      [3, 100],
      [18, 75],
    ]);
  });

  it('when a critical episode begins and ends', () => {
    const told = run([
      vector(3),
      episode(4),
      episode(4, { count: 2 }),
      episode(4, { ended_at: START_MS + 9 * MINUTE_MS, cured: true }),
    ]);
    expect(told.map((s) => [minuteOf(s), s.reliability_health, s.action])).toEqual([
      [3, 100, 'none'],
      [4, 0, 'reboot_node'],
      [9, 76, 'none'],
    ]);
  });

  it('of a single XID twice: when it came, and when it had been quiet for long enough to be over', () => {
    const told = run([
      vector(3),
      episode(4),
      { now: START_MS + 8 * MINUTE_MS },
      episode(4, { ended_at: START_MS + 4 * MINUTE_MS, reset_at: START_MS + 8 * MINUTE_MS }),
    ]);
    expect(told.map((s) => [minuteOf(s), s.reliability_health, s.action])).toEqual([
      [3, 100, 'none'],
      [4, 0, 'reboot_node'],
      [8, 40.1, 'none'],
    ]);
  });

  it('again when a critical episode that was over goes on', () => {
    const told = run([
      vector(3),
      episode(4),
      { now: START_MS + 8 * MINUTE_MS },
      episode(4, { ended_at: START_MS + 4 * MINUTE_MS, reset_at: START_MS + 8 * MINUTE_MS }),
      { now: START_MS + 12 * MINUTE_MS },
      episode(4, { count: 2 }),
      episode(4, { count: 3 }),
    ]);
    expect(told.map((s) => [minuteOf(s), s.reliability_health, s.action])).toEqual([
      [3, 100, 'none'],
      [4, 0, 'reboot_node'],
      [8, 40.1, 'none'],
      [12, 0, 'reboot_node'],
    ]);
  });

  it('never before the last score of the GPU', () => {
    const told = run([vector(15), anomaly(4), vector(20)]);
    expect(told.map(minuteOf)).toEqual([15, 15]);
    expect(told[1]?.health_grade).toBe('critical');
  });

  it('of a GPU that nobody saw, with little confidence; of one that nobody knows, not at all', () => {
    const lost = { type: 'gpu_lost', metric: '', observed: 0, expected: 1 };
    const told = run([
      anomaly(4, lost),
      anomaly(5, { ...lost, gpu_uuid: 'GPU-x' }),
      vector(6, {}, { gpu_uuid: 'GPU-x' }),
    ]);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({
      overall_score: 0,
      health_grade: 'critical',
      memory_health: null,
      confidence: 0.09,
    });
  });
});

describe('whom it concerns', () => {
  it('an anomaly of the board counts for each of its instances, one of an instance for it alone', () => {
    const board = run([anomaly(4, { gpu_uuid: 'GPU-m', instance: '1' })]);
    expect(board.map(({ gpu_uuid, instance }) => [gpu_uuid, instance])).toEqual([
      ['GPU-m', '1'],
      ['GPU-m', '2'],
    ]);
    const own = { gpu_uuid: 'GPU-m', instance: '2', type: 'lunar', metric: 'sm_active_ratio' };
    expect(run([anomaly(4, own)]).map(({ instance }) => instance)).toEqual(['2']);
  });

  it('an anomaly of a node counts for its GPUs', () => {
    const silent = { gpu_uuid: '', node: 'node-0', type: 'node_silent', metric: '' };
    const told = run([vector(3), vector(3, {}, { gpu_uuid: 'GPU-c', node: 'node-1' }), anomaly(4, silent)]);
    expect(told.slice(2).map((s) => [s.gpu_uuid, s.health_grade, s.overall_score])).toEqual([
      ['GPU-a', 'unknown', null],
      ['GPU-b', 'unknown', null],
    ]);
  });
});

it('remembers a reading that the newest row lacks, for an hour', () => {
  const { ecc_sbe_volatile_total: _sbe, ecc_dbe_volatile_total: _dbe, ecc_sbe_aggregate_total: _a, ...rest } = WELL;
  const { ecc_dbe_aggregate_total: _d, ...blank } = rest;
  const bare = (minute: number, final: boolean): Entry => ({
    input: 'vectors',
    item: vectorOf(blank, { ts: START_MS + minute * MINUTE_MS, final }),
  });
  const told = run([vector(0), ...Array.from({ length: 13 }, (_, i) => bare(5 * i + 5, true))]);
  const full = told[0]?.memory_confidence as number;
  expect(told[11]?.memory_confidence).toBe(full);
  expect(told[12]?.memory_confidence).toBeLessThan(full);
});

it('remembers at most 32 open anomalies, the gravest', () => {
  const state = group();
  const warnings = Array.from({ length: 60 }, (_, i) =>
    anomaly(i, { severity: 'warning', type: `t${i}`, id: `w${i}` }),
  );
  run([anomaly(0, { id: 'first' }), ...warnings], state);
  const kept = state.columns('health', make().state).anomalies[0] as readonly { id: string }[];
  expect(kept).toHaveLength(32);
  expect(kept[0]?.id).toBe('first');
  expect(kept.at(-1)?.id).toBe('w59');
});

it('keeps no anomaly that is only worth knowing, and no episode that has decayed', () => {
  const state = group();
  const ended = episode(0, { severity: 'warning', ended_at: START_MS + MINUTE_MS });
  run([anomaly(1, { severity: 'info' }), ended, vector(60 * 24 * 12)], state);
  const columns = state.columns('health', make().state);
  expect([columns.anomalies[0], columns.episodes[0]]).toEqual([null, null]);
});

describe('health laws', () => {
  /** A stream of everything, for every GPU. */
  function stream(seed: number): Event[] {
    const next = random(seed);
    const events: Event[] = [];
    for (let minute = 0; minute < 120; minute++) {
      events.push({ now: START_MS + minute * MINUTE_MS });
      for (const [gpu_uuid, instance, node] of GPUS) {
        const who = { gpu_uuid, instance, node };
        if (minute % 5 === 0) events.push(vector(minute, { gpu_temp_celsius_mean_1h: 60 + next() * 30 }, who));
        if (next() < 0.05) {
          const severity = next() < 0.5 ? 'warning' : 'critical';
          const state = next() < 0.5 ? 'open' : 'closed';
          const closed_at = state === 'closed' ? START_MS + minute * MINUTE_MS : null;
          events.push(anomaly(minute - (minute % 20), { ...who, severity, state, closed_at }));
        }
        if (next() < 0.03) {
          const ended_at = next() < 0.5 ? null : START_MS + minute * MINUTE_MS;
          events.push(episode(minute - (minute % 20), { ...who, ended_at }));
        }
      }
    }
    return events;
  }

  it('goes on after a snapshot as if nothing had happened', () => {
    const events = stream(1);
    const whole = run(events);
    expect(whole.length).toBeGreaterThan(50);
    for (const cut of [1, 100, 300]) {
      const state = group();
      const before = run(events.slice(0, cut), state);
      const specs = new Map(stateSpecs('health', make()));
      const restored = GroupState.restore(structuredClone(state.save()), specs);
      expect([...before, ...run(events.slice(cut), restored)]).toEqual(whole);
    }
  });

  it('never lets one board affect another', () => {
    const events = stream(2);
    const of = (uuid: string): Event[] => events.filter((e) => 'now' in e || e.item.gpu_uuid === uuid);
    for (const uuid of ['GPU-a', 'GPU-c', 'GPU-m']) {
      expect(run(of(uuid))).toEqual(run(events).filter(({ gpu_uuid }) => gpu_uuid === uuid));
    }
  });

  it('is plain data that JSON carries whole', () => {
    for (const score of run(stream(3))) expect(JSON.parse(JSON.stringify(score))).toEqual(score);
  });

  it('keeps 461 B per GPU', () => {
    expect(bytesPerGpu(make().state)).toBe(461);
  });
});
