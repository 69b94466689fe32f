import type { GpuIdentity } from '../../pipeline/contract/registry.ts';
import type { ZscoreState } from './judge-minute.ts';

/** Who speaks is found anew so often; kin that was silent for so long does not count. */
const SPAN_MS = 960_000;

/**
 * Whether a MIG instance is the one whose board readings are judged: the lowest that speaks, while the board has no row of
 * its own. Cost: a pass over the group once per span, for instances only.
 */
export function speaksForBoard(gpus: readonly GpuIdentity[], state: ZscoreState, gpu: number): boolean {
  const now = state.last_ts[gpu] as number;
  const span = Math.floor(now / SPAN_MS);
  if (state.speaks_span[gpu] === span) return state.speaks[gpu] === 1;
  state.speaks_span[gpu] = span;
  const { uuid, instance } = gpus[gpu] as GpuIdentity;
  let speaks = 1;
  for (let i = 0; i < gpus.length && speaks === 1; i++) {
    if (i === gpu || (gpus[i] as GpuIdentity).uuid !== uuid) continue;
    const kin = (gpus[i] as GpuIdentity).instance;
    const lower = kin.length < instance.length || (kin.length === instance.length && kin < instance);
    if (lower && (state.last_ts[i] ?? 0) > now - SPAN_MS) speaks = 0;
  }
  state.speaks[gpu] = speaks;
  return speaks === 1;
}
