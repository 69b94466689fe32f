import { type Finding, finding } from './finding.ts';

/** A count that only rises, at two moments. */
export interface FramesRefused {
  readonly first: number;
  readonly last: number;
}

/** Engines that say what the live server cannot read: nothing new is shown of their GPUs, while their tables are right. None when no live server was heard. */
export function judgeFrames(refused: FramesRefused | null, listened_ms: number): Finding[] {
  if (refused === null) return [];
  // Servers that take turns, or one that began again, tell less than before.
  const count = Math.max(0, refused.last - refused.first);
  const figures = { frames_refused: count };
  if (count === 0) return [finding('live', 'frames', { what: 'what engines tell can be read', figures })];
  const what = `${count} frames of engines in ${(listened_ms / 1_000).toFixed(1)} s could not be read: the live view is not new`;
  const action = 'Read the log of serve, which says why; an engine of a newer release needs serve upgraded first.';
  return [finding('live', 'frames', { state: 'fail', what, code: 'GV-WIR-002', action, figures })];
}
