import { seededDraw } from '../../pipeline/simulation/seeded-random.ts';
import { type FuzzTarget, textOf } from './fuzz-target.ts';
import { growBytes, mutateBytes } from './mutate-bytes.ts';
import { mutateJson } from './mutate-json.ts';

/** The first cases are the seeds as they are. Then some are long, which costs much: fewer among the many that follow. */
const grownShare = (number: number): number => (number < 8_000 ? 1 / 400 : 1 / 4_000);

/** Case `number` of a target under a seed: always the same bytes. */
export function makeCase(target: FuzzTarget, seed: number, number: number): Uint8Array {
  const { seeds, words, bytes_max, grown_bytes_max, mend } = target;
  const first = seeds[number];
  if (first !== undefined) return first;
  const draw = seededDraw(seed, number);
  // What is long is fed as it is.
  const start = draw.pick(seeds.filter(({ length }) => length <= bytes_max));
  if (draw.chance(grownShare(number))) {
    const grown = growBytes(start, grown_bytes_max ?? bytes_max, target, draw);
    return mend !== undefined && draw.chance(0.8) ? mend(grown) : grown;
  }
  const json = draw.chance(0.6) ? mutateJson(textOf(start), words, draw) : null;
  const made = json === null ? mutateBytes(start, target, draw) : Uint8Array.from(Buffer.from(json, 'utf8'));
  const cut = made.length > bytes_max ? made.slice(0, bytes_max) : made;
  return mend !== undefined && draw.chance(0.8) ? mend(cut) : cut;
}
