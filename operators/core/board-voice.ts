import type { GpuIdentity, Registry } from '../../pipeline/contract/registry.ts';

/** NVIDIA numbers GPU instances from 0 to 14; whatever has a higher number is looked for among all. */
const NUMBER_MAX = 32;

/**
 * Whether a row speaks for its board: readings of the board (temperature, power, errors) repeat on every MIG instance, and
 * one condition is told once. The board's own row speaks where there is one, else its lowest instance, of those that came
 * after `since`: a board that is cut anew goes on being watched by another. `seen_at`: when each GPU of the group came
 * last, one every `width` elements.
 *
 * Cost: nothing without MIG, else one look-up per lower instance that is not there.
 */
export function isBoardVoice(
  registry: Pick<Registry, 'gpus' | 'find'>,
  gpu: number,
  since: number,
  seen_at: Float64Array,
  width = 1,
): boolean {
  // Small, so that it is inlined: most boards are whole, and this is asked of every row.
  const own = registry.gpus[gpu];
  return own === undefined || own.instance === '' || isLowest(registry, own, since, seen_at, width);
}

function isLowest(
  registry: Pick<Registry, 'gpus' | 'find'>,
  own: GpuIdentity,
  since: number,
  seen_at: Float64Array,
  width: number,
): boolean {
  const came = (kin: number): boolean => kin >= 0 && (seen_at[kin * width] as number) > since;
  if (came(registry.find(own.uuid, ''))) return false;
  const number = Number(own.instance);
  if (Number.isInteger(number) && number <= NUMBER_MAX) {
    for (let lower = 0; lower < number; lower++) if (came(registry.find(own.uuid, String(lower)))) return false;
    return true;
  }
  return !registry.gpus.some(
    ({ uuid, instance }, kin) => uuid === own.uuid && isBefore(instance, own.instance) && came(kin),
  );
}

/** Numbers in their order, then names in theirs. */
const isBefore = (a: string, b: string): boolean => a.length < b.length || (a.length === b.length && a < b);
