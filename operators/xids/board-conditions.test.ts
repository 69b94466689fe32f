import { describe, expect, it } from 'vitest';
import { GroupState } from '../core/group-state.ts';
import { batchOf, describeLaws, type SampleRow, START_MS } from '../core/laws.fixture.ts';
import { runOperator } from '../core/lift.ts';
import { type BoardCondition, boardConditions } from './board-conditions.ts';

describeLaws('board_conditions', boardConditions, { bytes_per_gpu_max: 21 });

/** What GPU-a tells, one scrape after the other: `@row` and what is not as usual. */
function told(scrapes: readonly (Record<string, number> & { t?: number })[]): string[] {
  const rows = scrapes.map(
    ({ t, ...values }, i): SampleRow => ({ ts: START_MS + (t ?? i) * 10_000, node: 'n', uuid: 'GPU-a', values }),
  );
  const state = new GroupState(0);
  const out: BoardCondition[] = [];
  runOperator('b', boardConditions(), state, batchOf(state, rows), (_, item) => out.push(item));
  return out.map(({ ts, recovery_action, remap_pending, remap_failed, reset }) =>
    [
      `@${(ts - START_MS) / 10_000}`,
      ...(recovery_action > 0 ? [`action ${recovery_action}`] : []),
      ...(remap_pending ? ['pending'] : []),
      ...(remap_failed ? ['failed'] : []),
      ...(reset ? ['reset'] : []),
    ].join(' '),
  );
}

describe('board_conditions', () => {
  it.each<[string, (Record<string, number> & { t?: number })[], string[]]>([
    ['a healthy board', [{ recovery_action: 0, row_remap_pending: 0 }, { recovery_action: 0 }], []],
    ['what is there at first sight', [{ recovery_action: 2, row_remap_failed: 1 }], ['@0 action 2 failed']],
    [
      'changes, and only changes',
      [{ row_remap_pending: 0 }, { row_remap_pending: 1 }, { row_remap_pending: 1 }, {}, { row_remap_pending: 0 }],
      ['@1 pending', '@4'],
    ],
    ['energy that begins again', [{ energy_joules_total: 9e8 }, { energy_joules_total: 100 }], ['@1 reset']],
    ['energy across a gap', [{ energy_joules_total: 9e8 }, {}, { energy_joules_total: 100 }], ['@2 reset']],
    ['energy that is rounded', [{ energy_joules_total: 9e8 }, { energy_joules_total: 9e8 - 1 }], []],
    ['volatile errors that begin again', [{ ecc_sbe_volatile_total: 5 }, { ecc_sbe_volatile_total: 0 }], ['@1 reset']],
    ['aggregate errors say nothing', [{ ecc_sbe_aggregate_total: 5 }, { ecc_sbe_aggregate_total: 0 }], []],
    ['a late row', [{ energy_joules_total: 10 }, { energy_joules_total: 20 }, { t: 0.5, energy_joules_total: 15 }], []],
    [
      'a reset behind which nobody reports what was asked for any more',
      [
        { recovery_action: 3, row_remap_pending: 1, row_remap_failed: 1, energy_joules_total: 50 },
        { energy_joules_total: 1 },
      ],
      ['@0 action 3 pending failed', '@1 failed reset'],
    ],
    [
      'a reset that clears what waited for it',
      [
        { recovery_action: 1, row_remap_pending: 1, energy_joules_total: 50 },
        { recovery_action: 0, row_remap_pending: 0, energy_joules_total: 1 },
      ],
      ['@0 action 1 pending', '@1 reset'],
    ],
  ])('%s', (_, scrapes, expected) => {
    expect(told(scrapes)).toEqual(expected);
  });

  it('an instance that comes back shows an old reset of its board, which was told by others', () => {
    const at = (minutes: number, instance: string, energy_joules_total: number): SampleRow => ({
      ts: START_MS + minutes * 60_000,
      node: 'n',
      uuid: 'GPU-a',
      instance,
      values: { energy_joules_total },
    });
    const state = new GroupState(0);
    const out: BoardCondition[] = [];
    const rows = [
      at(0, '1', 5e9),
      at(1, '7', 5e9),
      at(10, '7', 100),
      at(60, '1', 900),
      at(61, '1', 950),
      at(62, '1', 5),
    ];
    runOperator('b', boardConditions(), state, batchOf(state, rows), (_, item) => out.push(item));
    expect(out.map(({ ts, instance }) => [(ts - START_MS) / 60_000, instance])).toEqual([
      [10, '7'],
      [62, '1'],
    ]);
  });
});
