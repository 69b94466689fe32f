import { describe, expect, it } from 'vitest';
import {
  availabilityRows,
  type BoardAvailability,
  boardAvailability,
  type DownCondition,
  type ServiceBoard,
} from './availability.ts';
import { intersectIntervals, mergeIntervals, subtractIntervals } from './intervals.ts';

const HOUR = 3_600_000;
const board = (changes: Partial<ServiceBoard> = {}): ServiceBoard => ({
  gpu_uuid: 'GPU-1',
  node: 'n1',
  model: 'H100',
  cluster: 'c1',
  rack: 'r1',
  owner: 'ml',
  tenant: 't1',
  service: { from: 0, to: 100 * HOUR },
  away: [],
  ...changes,
});
const down = (from: number, to: number | null, cause: DownCondition['cause'] = 'episode'): DownCondition => ({
  from: from * HOUR,
  to: to === null ? null : to * HOUR,
  cause,
});
const inHours = ({ board: _board, in_service_ms, down_ms, repair_ms, longest, ...rest }: BoardAvailability) => ({
  in_service: in_service_ms / HOUR,
  down: down_ms / HOUR,
  repair: repair_ms / HOUR,
  longest: longest === null ? null : [longest.from / HOUR, longest.down_ms / HOUR, longest.cause],
  ...rest,
});

describe('the availability of a board', () => {
  it.each<[name: string, conditions: DownCondition[], changes: Partial<ServiceBoard>, expected: object]>([
    [
      'up all the time',
      [],
      {},
      { in_service: 100, down: 0, failures: 0, repaired: 0, repair: 0, down_now: false, longest: null },
    ],
    ['down once', [down(10, 12)], {}, { down: 2, failures: 1, repaired: 1, repair: 2, longest: [10, 2, 'episode'] }],
    [
      'down twice for two causes that overlap, and once more',
      [down(11, 14, 'gpu_lost'), down(10, 12, 'node_silent'), down(50, 51)],
      {},
      { down: 5, failures: 2, repaired: 2, repair: 5, longest: [10, 4, 'node_silent'] },
    ],
    [
      'conditions that touch are one',
      [down(10, 12), down(12, 13)],
      {},
      { down: 3, failures: 1, repaired: 1, repair: 3 },
    ],
    [
      'down since before',
      [down(-5, 3)],
      {},
      { down: 3, failures: 0, repaired: 1, repair: 8, longest: [-5, 3, 'episode'] },
    ],
    ['down beyond the end', [down(90, 120)], {}, { down: 10, failures: 1, repaired: 0, repair: 0, down_now: true }],
    ['down for good', [down(90, null)], {}, { down: 10, failures: 1, repaired: 0, repair: 0, down_now: true }],
    [
      'repaired at the very end',
      [down(90, 100)],
      {},
      { down: 10, failures: 1, repaired: 1, repair: 10, down_now: false },
    ],
    [
      'before and after do not count',
      [down(-9, -1), down(100, 110), down(-3, 0)],
      {},
      { down: 0, failures: 0, repaired: 0, down_now: false },
    ],
    [
      'maintenance does not count, for up nor for down',
      [down(10, 20)],
      { away: [{ from: 15 * HOUR, to: 40 * HOUR }] },
      { in_service: 75, down: 5, failures: 1, repaired: 1, repair: 10 },
    ],
    [
      'an outage wholly in maintenance is none',
      [down(20, 30)],
      { away: [{ from: 15 * HOUR, to: 40 * HOUR }] },
      { in_service: 75, down: 0, failures: 0, repaired: 0 },
    ],
    [
      'maintenance within an outage leaves it one',
      [down(10, 40)],
      {
        away: [
          { from: 20 * HOUR, to: 30 * HOUR },
          { from: 25 * HOUR, to: 28 * HOUR },
        ],
      },
      { in_service: 90, down: 20, failures: 1, repaired: 1, repair: 30 },
    ],
    ['never in service', [down(10, 40)], { service: { from: 5, to: 5 } }, { in_service: 0, down: 0, failures: 0 }],
    ['service that ends before it begins', [], { service: { from: 9, to: 5 } }, { in_service: 0, down: 0 }],
    ['nothing is no outage', [down(10, 10), down(12, 11)], {}, { down: 0, failures: 0, repaired: 0 }],
  ])('%s', (_name, conditions, changes, expected) => {
    expect(inHours(boardAvailability(board(changes), conditions))).toMatchObject(expected);
  });

  it('is what counting minute by minute gives', () => {
    let state = 7;
    const whole = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 4_294_967_296) * below);
    };
    for (let round = 0; round < 200; round++) {
      const from = whole(40);
      const one = board({
        service: { from, to: from + whole(80) },
        away: Array.from({ length: whole(4) }, () => {
          const start = whole(120);
          return { from: start, to: start + whole(20) };
        }),
      });
      const conditions = Array.from({ length: whole(6) }, (): DownCondition => {
        const start = whole(140) - 10;
        return { from: start, to: whole(8) === 0 ? null : start + whole(25), cause: 'episode' };
      });
      const isDown = (at: number): boolean => conditions.some((c) => at >= c.from && at < (c.to ?? 1_000));
      const serves = (at: number): boolean =>
        at >= one.service.from && at < one.service.to && !one.away.some((away) => at >= away.from && at < away.to);
      let [in_service, down_time, failures, repaired, repair] = [0, 0, 0, 0, 0];
      let outage: { from: number; counts: boolean } | null = null;
      // One step of 1 ms stands for a minute.
      for (let at = -20; at <= 1_001; at++) {
        if (serves(at)) in_service += 1;
        if (serves(at) && isDown(at)) down_time += 1;
        if (isDown(at)) {
          outage ??= { from: at, counts: false };
          outage.counts ||= serves(at);
          continue;
        }
        if (outage?.counts) {
          if (outage.from >= one.service.from) failures += 1;
          if (at <= one.service.to) {
            repaired += 1;
            repair += at - outage.from;
          }
        }
        outage = null;
      }
      const found = boardAvailability(one, conditions);
      expect(
        [found.in_service_ms, found.down_ms, found.failures, found.repaired, found.repair_ms],
        JSON.stringify([one.service, one.away, conditions]),
      ).toEqual([in_service, down_time, failures, repaired, repair]);
    }
  });
});

describe('boards together', () => {
  // Worked out by hand: A 100 h, 2 h down in one outage; B 100 h, 0.4 h down; C 50 h, down for 5 h before and still.
  const boards = [
    boardAvailability(board({ gpu_uuid: 'A', owner: 'ml' }), [down(10, 12)]),
    boardAvailability(board({ gpu_uuid: 'B', owner: 'ml' }), [down(20, 20.4)]),
    boardAvailability(board({ gpu_uuid: 'C', owner: 'hpc', service: { from: 0, to: 50 * HOUR } }), [down(45, null)]),
    boardAvailability(board({ gpu_uuid: 'D', owner: 'nobody', service: { from: 0, to: 0 } }), []),
  ];
  const rows = (sla: number, groupOf: (one: ServiceBoard) => string) => availabilityRows(boards, { sla, groupOf });

  it('by owner', () => {
    expect(rows(0.99, ({ owner }) => owner)).toEqual([
      {
        group: 'hpc',
        gpus: 1,
        in_service_ms: 50 * HOUR,
        down_ms: 5 * HOUR,
        availability: 0.9,
        sla: 0.99,
        met: false,
        breaches: 1,
        failures: 1,
        repaired: 0,
        down_now: 1,
        mttr_ms: null,
        mtbf_ms: 45 * HOUR,
      },
      {
        group: 'ml',
        gpus: 2,
        in_service_ms: 200 * HOUR,
        down_ms: 2.4 * HOUR,
        // 197.6 of 200 h.
        availability: 0.988,
        sla: 0.99,
        met: false,
        breaches: 1,
        failures: 2,
        repaired: 2,
        down_now: 0,
        mttr_ms: 1.2 * HOUR,
        mtbf_ms: 98.8 * HOUR,
      },
    ]);
  });

  it('by board and all as one, where a target met exactly is met', () => {
    expect(rows(0.98, ({ gpu_uuid }) => gpu_uuid).map(({ group, met, mttr_ms }) => [group, met, mttr_ms])).toEqual([
      ['A', true, 2 * HOUR],
      ['B', true, 0.4 * HOUR],
      ['C', false, null],
    ]);
    const [all] = rows(0.98, () => 'fleet');
    expect([all?.gpus, all?.breaches, all?.failures]).toEqual([3, 1, 3]);
    expect(all?.availability).toBeCloseTo(242.6 / 250, 12);
  });
});

describe('intervals', () => {
  it('are merged, cut and taken away', () => {
    const a = mergeIntervals([
      { from: 5, to: 9 },
      { from: 0, to: 2 },
      { from: 2, to: 3 },
      { from: 8, to: 12 },
      { from: 4, to: 4 },
    ]);
    expect(a).toEqual([
      { from: 0, to: 3 },
      { from: 5, to: 12 },
    ]);
    const b = [
      { from: 1, to: 6 },
      { from: 11, to: 20 },
    ];
    expect(intersectIntervals(a, b)).toEqual([
      { from: 1, to: 3 },
      { from: 5, to: 6 },
      { from: 11, to: 12 },
    ]);
    expect(subtractIntervals(a, b)).toEqual([
      { from: 0, to: 1 },
      { from: 6, to: 11 },
    ]);
    expect(subtractIntervals(a, [])).toEqual(a);
    expect(subtractIntervals([], b)).toEqual([]);
  });
});
