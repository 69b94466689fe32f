import type { Registry } from '../../pipeline/contract/registry.ts';
import { minutes } from '../../pipeline/contract/time.ts';

/** Another row of the board counts as there when it came within this. */
const PRESENT = minutes(10);

/**
 * Whether this row speaks for its board: readings of the board repeat on every MIG instance, and one condition is told once.
 * The board's own row speaks where there is one, else its lowest instance. `lastTs` is when each GPU of the group was last
 * seen. Cost: nothing without MIG, else one look-up per lower instance.
 */
export function isBoardVoice(
  registry: Pick<Registry, 'gpus' | 'find'>,
  gpu: number,
  ts: number,
  lastTs: Float64Array,
): boolean {
  const identity = registry.gpus[gpu];
  if (identity === undefined || identity.instance === '') return true;
  const speaks = (instance: string): boolean => {
    const other = registry.find(identity.uuid, instance);
    return other >= 0 && ts - (lastTs[other] as number) < PRESENT;
  };
  if (speaks('')) return false;
  const own = Number(identity.instance);
  for (let lower = 0; lower < own; lower++) if (speaks(String(lower))) return false;
  return true;
}
