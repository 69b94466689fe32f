import { describe, expect, it } from 'vitest';
import type { Episode, XidEvent } from '../../pipeline/contract/events.ts';
import { anomaly, at, brief, episode, runBoards } from '../alerts/alerts.fixture.ts';
import { EPISODE_OPTIONS } from '../episodes/episodes.fixture.ts';
import { episodes } from '../episodes/episodes.ts';
import { GroupState } from './group-state.ts';
import { homeOf } from './home-of.ts';
import { START_MS } from './laws.fixture.ts';
import { runItems } from './run-items.ts';

const DAY_MS = 86_400_000;
const BOARD = { gpu_uuid: 'GPU-m', node: 'n1' };

/** A row of the board on a day: of an instance, or with '' of its own. */
function report({ registry }: GroupState, instance: string, day: number): void {
  const node = registry.node(BOARD.node);
  const identity = { uuid: BOARD.gpu_uuid, instance, model: 'H100', pci_bus_id: '', serial: '', slot: '3' };
  registry.see(registry.gpu(identity, node), node, 0, START_MS + day * DAY_MS);
}

describe('the home of a board', () => {
  it('is its own row, else that of its first instance', () => {
    const state = new GroupState(0);
    const homes = (): number[] => ['', '1', '3', '5'].map((instance) => homeOf(state.registry, 'GPU-m', instance));
    expect(homes()).toEqual([-1, -1, -1, -1]);
    report(state, '3', 0);
    report(state, '1', 0);
    expect(homes()).toEqual([0, 0, 0, -1]);
    report(state, '', 0);
    expect(homes()).toEqual([2, 2, 2, 2]);
  });

  describe.each<[string, string, string]>([
    ['that was cut long ago', '', '1'],
    ['whose first instance went long ago', '3', '1'],
  ])('%s', (_, long_ago, now) => {
    const cutLongAgo = (): GroupState => {
      const state = new GroupState(0);
      report(state, long_ago, 0);
      report(state, now, 9);
      return state;
    };

    it('keeps its episode', () => {
      const state = cutLongAgo();
      const told: Episode[] = [];
      const fault = (minute: number): void => {
        const item: XidEvent = { ts: at(minute), ...BOARD, instance: now, xid: 119, count: 1, job: '' };
        const operator = episodes(EPISODE_OPTIONS);
        runItems('episodes', operator, state, [{ row: 0, input: 'xids', item }], (_row, _port, one) => told.push(one));
      };
      fault(10);
      state.sweep(START_MS + 5 * DAY_MS);
      fault(20);
      expect(new Set(told.map(({ id }) => id)).size).toBe(1);
      expect(told.at(-1)?.count).toBe(2);
    });

    it('keeps its alert', () => {
      const before = runBoards([[10, { episodes: episode(10, { ...BOARD, instance: now }) }]], {
        from: { state: cutLongAgo(), minute: 0 },
      });
      before.state.sweep(START_MS + 5 * DAY_MS);
      const { alerts } = runBoards([[14, { episodes: episode(10, { ...BOARD, instance: now, ended: 11 }) }]], {
        from: { state: before.state, minute: 10 },
        until: 60,
      });
      expect(brief([...before.alerts, ...alerts])).toEqual([
        'gpu_fault critical open 10',
        'gpu_fault critical closed 11',
      ]);
    });
  });

  it('does not keep a board lost that is back whole, whatever becomes of it later', () => {
    const state = new GroupState(0);
    report(state, '1', 0);
    const lost = anomaly('gpu_lost', 20, { ...BOARD, severity: 'critical', detector: 'absence' });
    runBoards([[20, { anomalies: lost }]], { from: { state, minute: 0 } });
    report(state, '', 1);
    const closed = { ...lost, state: 'closed', closed_at: at(40) } as const;
    runBoards([[40, { anomalies: closed }]], { from: { state, minute: 20 } });
    report(state, '1', 40);
    state.sweep(START_MS + 9 * DAY_MS);
    const { alerts } = runBoards([[80, { episodes: episode(80, { ...BOARD, instance: '1' }) }]], {
      from: { state, minute: 40 },
      until: 90,
    });
    expect(brief(alerts)).toEqual(['gpu_fault critical open 80']);
  });
});
