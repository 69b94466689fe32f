import type { State, StateSpec } from '../../pipeline/contract/operator.ts';

/** Makes all of a GPU's cells as good as new, so that its index can be given to another. */
export function clearGpu<S extends StateSpec>(spec: S, state: State<S>, gpu: number): void {
  for (const [name, { scope, width, initial }] of Object.entries(spec)) {
    if (scope === 'gpu') state[name as keyof S].fill(initial, gpu * width, (gpu + 1) * width);
  }
}
