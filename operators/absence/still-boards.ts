import type { Anomaly } from '../../pipeline/contract/events.ts';
import { causeId } from '../../pipeline/contract/ids.ts';
import { type DurationMs, formatDuration } from '../../pipeline/contract/time.ts';
import { elapsedWords } from '../core/elapsed-words.ts';

export const STILL_BOARD_COLUMNS = {
  /** When and in which lap of its node a reading of the board moved last, and in how many rows one did, up to 255. */
  board_moved_ts: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  board_moved_lap: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
  board_moves: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
  /** The open anomaly of a board that stands still, as it was told. */
  board_frozen: { scope: 'gpu', type: 'record', width: 1, initial: 0 },
} as const;

/** State of one board, where `lap` is its node's. */
export interface StillBoard {
  readonly uuid: string;
  readonly node: string;
  readonly ts: number;
  readonly since: number;
  readonly laps: number;
  /** Why a live board cannot stand so. */
  readonly evidence: string;
  readonly frozen_after: DurationMs;
}

/** A board whose readings are repeated while those of its neighbours move: nobody sees it any more, whatever they say. */
export const stillBoard = ({ uuid, node, ts, since, laps, evidence, frozen_after }: StillBoard): Anomaly => ({
  ts,
  gpu_uuid: uuid,
  node,
  instance: '',
  id: causeId('absence', uuid, '', 'exporter_frozen', '', ts),
  type: 'exporter_frozen',
  metric: '',
  severity: 'warning',
  score: laps,
  observed: laps,
  expected: 0,
  window: formatDuration(frozen_after),
  detector: 'absence',
  explanation:
    `All readings of ${uuid} on ${node} stand still since ${new Date(since).toISOString()} while other GPUs of the node ` +
    `move: ${laps} scrapes in ${elapsedWords(ts - since)} were equal bit for bit, and ${evidence}; old values are repeated ` +
    `for this GPU.`,
  state: 'open',
  opened_at: ts,
  closed_at: null,
});

export const movesAgain = (open: Anomaly, ts: number, since: number): Anomaly => ({
  ...open,
  state: 'closed',
  closed_at: ts,
  explanation: `The readings of ${open.gpu_uuid} move again; they had stood still for ${elapsedWords(ts - since)}.`,
});

/** State of a node of which nothing moves; `usual`: its longest stretch so far. */
export interface StillNode extends Omit<StillBoard, 'uuid'> {
  readonly usual: number;
}

export const stillNode = ({ node, ts, since, laps, usual, evidence, frozen_after }: StillNode): Anomaly => ({
  ts,
  gpu_uuid: '',
  node,
  instance: '',
  id: causeId('absence', node, '', 'exporter_frozen', '', ts),
  type: 'exporter_frozen',
  metric: '',
  severity: 'warning',
  score: laps,
  observed: laps,
  expected: usual,
  window: formatDuration(frozen_after),
  detector: 'absence',
  explanation:
    `All readings of ${node} stand still since ${new Date(since).toISOString()}: ${laps} scrapes in ` +
    `${elapsedWords(ts - since)} were equal bit for bit, and ${evidence}; the exporter repeats old values.`,
  state: 'open',
  opened_at: ts,
  closed_at: null,
});
