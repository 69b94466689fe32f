import type { GpuIdentity } from '../../pipeline/contract/registry.ts';
import { CLOCK_WIDTH, LAST_TS, type ZscoreState } from './zscore-state.ts';

export const WHOLE_BOARD = 1;
/** A MIG instance that its board is judged by: the lowest one that is told, while the board has no row of its own. */
const SPEAKING_SLICE = 2;
export const SILENT_SLICE = 3;

/** The slice that speaks is found anew so often; kin that was silent for so long does not count. */
const SPAN_MS = 960_000;

/**
 * Who a GPU of the registry is. Board readings repeat on every instance and are judged once.
 * Cost: two comparisons; for instances a pass over the group once per span.
 */
export function speakerOf(gpus: readonly GpuIdentity[], state: ZscoreState, gpu: number): number {
  const known = state.speaker[gpu] as number;
  if (known === WHOLE_BOARD) return known;
  const now = state.clock[gpu * CLOCK_WIDTH + LAST_TS] as number;
  const span = Math.floor(now / SPAN_MS);
  if (known !== 0 && state.speaker_span[gpu] === span) return known;
  const { uuid, instance } = gpus[gpu] as GpuIdentity;
  const speaker =
    instance === '' ? WHOLE_BOARD : hasElder(gpus, state, uuid, instance, now) ? SILENT_SLICE : SPEAKING_SLICE;
  state.speaker_span[gpu] = span;
  state.speaker[gpu] = speaker;
  return speaker;
}

function hasElder(
  gpus: readonly GpuIdentity[],
  state: ZscoreState,
  uuid: string,
  instance: string,
  now: number,
): boolean {
  return gpus.some(
    (kin, i) =>
      kin.uuid === uuid &&
      (kin.instance.length < instance.length || (kin.instance.length === instance.length && kin.instance < instance)) &&
      (state.clock[i * CLOCK_WIDTH + LAST_TS] as number) > now - SPAN_MS,
  );
}
