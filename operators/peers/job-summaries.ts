import type { Batch } from '../../pipeline/contract/batch.ts';
import type { GpuIdentity } from '../../pipeline/contract/registry.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';
import type { Board } from './judge-board.ts';
import { READING } from './smooth-readings.ts';

/**
 * Busy boards of one node that work for one job: per GPU SUMMARY_WIDTH numbers, averages of the half-life; -1 = missing.
 */
export interface JobSummary {
  readonly ts: number;
  readonly node: string;
  readonly job: string;
  readonly model: string;
  readonly gpus: readonly string[];
  /** Per GPU: activity, sm, tensor (ratios), clock (MHz), power (W), what holds its clock, one of HELD, dram (ratio), NVLink (MB/s). */
  readonly readings: readonly number[];
  /** Places in `gpus` of those whose load is new: their clocks say something already, how busy they are does not; none = left out. */
  readonly unsettled?: readonly number[];
}
export const SUMMARY_WIDTH = 8;

export interface BusyBoard extends Board {
  readonly gpu: number;
}

/** What a node's busy boards do, settled who has had its load for so long: one summary per job and model, in the order of the node's GPUs. */
export function jobSummaries(
  batch: Batch,
  node: number,
  ts: number,
  boards: readonly BusyBoard[],
  settle: DurationMs,
): JobSummary[] {
  const { gpus, nodes } = batch.registry;
  const told: { job: string; model: string; gpus: string[]; readings: number[]; unsettled: number[] }[] = [];
  for (const board of boards) {
    if (board.gang === '') continue;
    const { gang: job, model } = board;
    let summary = told.find((other) => other.job === job && other.model === model);
    if (summary === undefined) {
      summary = { job, model, gpus: [], readings: [], unsettled: [] };
      told.push(summary);
    }
    if (board.steady_ms < settle) summary.unsettled.push(summary.gpus.length);
    summary.gpus.push((gpus[board.gpu] as GpuIdentity).uuid);
    summary.readings.push(
      rounded(board, READING.activity, 1e4),
      rounded(board, READING.sm, 1e4),
      rounded(board, READING.tensor, 1e4),
      rounded(board, READING.clock, 10),
      rounded(board, READING.power, 10),
      board.held,
      rounded(board, READING.dram, 1e4),
      rounded(board, READING.nvlink, 1),
    );
  }
  return told.map(({ unsettled, ...summary }) => ({
    ts,
    node: nodes[node] as string,
    ...summary,
    ...(unsettled.length === 0 ? {} : { unsettled }),
  }));
}

function rounded({ smooth, at }: Board, reading: number, unit: number): number {
  const value = smooth[at + reading] as number;
  return Number.isNaN(value) ? -1 : Math.round(value * unit) / unit;
}
