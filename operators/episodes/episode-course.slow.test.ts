import { describe, expect, it } from 'vitest';
import type { Episode } from '../../pipeline/contract/events.ts';
import { bytesPerGpu } from '../core/group-state.ts';
import { START_MS } from '../core/laws.fixture.ts';
import type { BoardRecord } from './board-record.ts';
import { lastOf, runEpisodes, troubles } from './episodes.fixture.ts';

const H = 3_600;
const at = (s: number): number => START_MS + s * 1_000;

describe('the course of episodes', () => {
  it('keeps id and ts through all changes, and never tells the same row twice in a row', () => {
    const { told } = runEpisodes(
      [
        { at: 0, xid: 119 },
        { at: 30, xid: 45 },
        { at: 600, reset: true },
        { at: 5 * H, xid: 119 },
      ],
      30 * H,
    );
    const [first, second] = lastOf(told);
    expect(new Set(told.map(({ id, ts }) => `${id} ${ts}`)).size).toBe(2);
    expect([first?.ts, second?.ts]).toEqual([at(0), at(5 * H)]);
    for (const [i, row] of told.entries()) expect(row).not.toEqual(told[i - 1]);
  });

  it('says in words what happened, why, and how it went on', () => {
    const { told } = runEpisodes(
      [
        { at: 0, xid: 119 },
        { at: 40, xid: 45 },
        { at: 600, reset: true },
        { at: 5 * H, xid: 119 },
      ],
      5 * H,
    );
    expect(lastOf(told).map(({ explanation }) => explanation)).toEqual([
      'XID 119 (GSP RPC timeout) at 2026-01-01 00:00:00 UTC, with 45 following from it; 2 events within 40 s. Reset the GPU: that is the remedy for XID 119 (GSP RPC timeout). A reset came 9 min after the last sign of it, at 2026-01-01 00:10:00 UTC, and 4 h 50 min later it was back: not cured.',
      'XID 119 (GSP RPC timeout) at 2026-01-01 05:00:00 UTC. Reboot the node: it was back 4 h 50 min after a reset.',
    ]);
  });

  it('tells the same for one batch as for many', () => {
    const happenings = troubles(6);
    expect(runEpisodes(happenings, 80 * H, { together: true }).told).toEqual(runEpisodes(happenings, 80 * H).told);
  });

  it('goes on after a snapshot at any point as if nothing had happened', () => {
    for (const seed of [1, 2, 3]) {
      const happenings = troubles(seed);
      expect(runEpisodes(happenings, 80 * H, { restore: true }).told).toEqual(runEpisodes(happenings, 80 * H).told);
    }
  });

  it('keeps records small, and none for who has been well for a week', () => {
    const { state, operator } = runEpisodes(troubles(4, 4_000), 0);
    const { board } = state.columns('episodes', operator.state);
    for (const record of board) expect(JSON.stringify(record).length).toBeLessThan(16_000);
    const later = runEpisodes([...troubles(5, 40), { at: 400 * H, reset: true }], 420 * H);
    const columns = later.state.columns('episodes', later.operator.state);
    const open = lastOf(later.told).filter(({ ended_at }) => ended_at === null).length;
    const records = columns.board.filter((record) => record !== null) as BoardRecord[];
    expect(
      records.reduce((sum, { stories, fatal, bursts }) => sum + stories.length + fatal.length + bursts.length, 0),
    ).toBe(open);
    expect(columns.faults.every((record) => record === null)).toBe(true);
    expect(bytesPerGpu(operator.state)).toBe(10);
  });

  it('leaves out what belongs to nobody', () => {
    const { state, operator } = runEpisodes([]);
    const told: Episode[] = [];
    const item = { ts: at(0), gpu_uuid: 'GPU-x', node: 'x', instance: '', xid: 79, count: 1, job: '' };
    operator.on.xids(item, state, state.columns('episodes', operator.state), (_, row) => told.push(row));
    expect(told).toEqual([]);
  });
});
