import { describe, expect, it } from 'vitest';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import { GroupState } from '../core/group-state.ts';
import { batchOf, type SampleRow, START_MS } from '../core/laws.fixture.ts';
import { runOperator } from '../core/lift.ts';
import { healthy, told } from './conditions.fixture.ts';
import { conditions } from './conditions.ts';

const MINUTE = 60_000;
const BOARDS = 8;

/** Half an hour of a node, `lowered` of its boards set to 420 W at the tenth minute, after which board 0 may be alone with it. */
function node(lowered: number, restored_after = Number.POSITIVE_INFINITY, lasts = 30): Anomaly[] {
  const rows: SampleRow[] = [];
  for (let minute = 0; minute < lasts; minute++) {
    for (let board = 0; board < BOARDS; board++) {
      const low = minute >= 10 && board < lowered && (board === 0 || minute < restored_after);
      rows.push({
        ts: START_MS + minute * MINUTE,
        node: 'n',
        uuid: `GPU-${board}`,
        values: { ...healthy(minute * MINUTE), power_watts: 400, power_limit_watts: low ? 420 : 700 },
      });
    }
  }
  const state = new GroupState(0);
  const out: Anomaly[] = [];
  runOperator('conditions', conditions({}), state, batchOf(state, rows), (_, item) => out.push(item));
  return out;
}

describe('a lowered power limit', () => {
  it.each([
    ['one board of a node', 1, 'warning'],
    ['a few boards of a node', 3, 'warning'],
    ['most boards of a node', 5, 'info'],
    ['all boards of a node', BOARDS, 'info'],
  ] as const)('of %s', (_, lowered, severity) => {
    const items = node(lowered);
    expect(told(items)).toEqual(Array(lowered).fill(`power_limit_lowered ${severity} open`));
    if (severity === 'info')
      expect(items[0]?.explanation).toContain(
        `(40 % less), as on ${lowered - 1} of the 7 other boards of its node, since`,
      );
  });

  it('stays what it was opened as, and closes when it is set again', () => {
    const items = node(BOARDS, 30, 45);
    expect(told(items).filter((line) => line.endsWith('closed'))).toEqual(
      Array(BOARDS - 1).fill('power_limit_lowered info closed'),
    );
    expect(items.every(({ severity }) => severity === 'info')).toBe(true);
  });
});
