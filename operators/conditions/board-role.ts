import type { Batch } from '../../pipeline/contract/batch.ts';
import type { GpuIdentity } from '../../pipeline/contract/registry.ts';
import type { ConditionsState } from './scene.ts';

const JUDGES = 1;
const REPEATS = 2;

/** The board itself before its instances, those by number. */
const rank = ({ instance }: GpuIdentity): number => (instance === '' ? -1 : Number.parseInt(instance, 10) || 0);

/**
 * Board readings repeat on every MIG instance: they are judged on the board's own row where there was one, else on the lowest
 * instance. Called at a GPU's first row; only rows that were seen count, so that batches may be cut anywhere.
 * Cost: a pass over the group for each instance, nothing for boards of groups without any.
 */
export function assignRole(batch: Batch, state: ConditionsState, gpu: number): void {
  const { gpus } = batch.registry;
  const own = gpus[gpu] as GpuIdentity;
  state.role[gpu] = JUDGES;
  if (own.instance !== '') state.instances[0] = 1;
  if (state.instances[0] === 0) return;
  for (let other = 0; other < gpus.length; other++) {
    const kin = gpus[other] as GpuIdentity;
    if (kin.uuid !== own.uuid || other === gpu || state.role[other] !== JUDGES) continue;
    if (rank(kin) <= rank(own)) state.role[gpu] = REPEATS;
    else state.role[other] = REPEATS;
  }
}

/** Whether the row's GPU is the one that speaks for its board. */
export const speaksForBoard = (state: ConditionsState, gpu: number): boolean => state.role[gpu] === JUDGES;
