import type { GroupView, State } from '../../pipeline/contract/operator.ts';
import { formerHome, homeOf } from '../core/home-of.ts';
import { type BoardRecord, emptyRecord } from './board-record.ts';
import type { EpisodesOptions } from './episodes.ts';
import { spanText } from './in-words.ts';
import type { BoardFacts } from './story.ts';

export const EPISODE_STATE = {
  /** Of GPUs in trouble; a board's instances share the record of its home row. */
  board: { scope: 'gpu', type: 'record', width: 1, initial: 0 },
  reset_at: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  recovery_action: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
  /** 1 = a remap is pending, 2 = a remap failed. */
  remap: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
  /** Of nodes in trouble themselves. */
  host: { scope: 'node', type: 'record', width: 1, initial: 0 },
  /** Faults of a node's GPUs that programs can cause. */
  faults: { scope: 'node', type: 'record', width: 1, initial: 0 },
  /** Codes of a node's GPUs that what they share can cause. */
  hits: { scope: 'node', type: 'record', width: 1, initial: 0 },
} as const;
export type EpisodeState = State<typeof EPISODE_STATE>;
/** Where a record is kept. */
export type Place = { readonly column: 'board' | 'host'; readonly cell: number };

/** The home of a board, with what was kept of it under an instance before its own row came. */
export function homeAt(
  state: EpisodeState,
  { registry }: GroupView,
  { gpu_uuid, instance }: { readonly gpu_uuid: string; readonly instance: string },
): number {
  const home = homeOf(registry, gpu_uuid, instance);
  const former = home < 0 ? -1 : formerHome(registry, gpu_uuid, home, state.board);
  if (former >= 0) {
    state.board[home] = state.board[former];
    state.board[former] = null;
  }
  return home;
}

export const recordAt = (state: EpisodeState, { column, cell }: Place): BoardRecord =>
  (state[column][cell] ?? emptyRecord()) as BoardRecord;

export function factsAt(state: EpisodeState, { column, cell }: Place, options: EpisodesOptions): BoardFacts {
  const remap = column === 'board' ? (state.remap[cell] as number) : 0;
  return {
    recovery_action: column === 'board' ? (state.recovery_action[cell] as number) : 0,
    remap_pending: (remap & 1) !== 0,
    remap_failed: (remap & 2) !== 0,
    fatal_bursts_max: options.fatal_bursts_max,
    repeat_window_text: spanText(options.repeat_window),
  };
}
