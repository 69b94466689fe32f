import { type Engine, SENSORS } from './read-cmapss.ts';

const MEANS = [1, 5, 10, 20, 30] as const;
const TRENDS = [10, 20, 30] as const;
/** What an engine was like when it was new. */
const FIRST = 10;

/** Sensors that tell anything in these engines: of the 21, some always read the same. */
export function movingSensors(engines: readonly Engine[]): number[] {
  return Array.from({ length: SENSORS }, (_, s) => s).filter((s) => {
    const first = engines[0]?.sensors[s];
    return engines.some(({ cycles, sensors }) => {
      for (let t = 0; t < cycles; t++) if (sensors[t * SENSORS + s] !== first) return true;
      return false;
    });
  });
}

export const engineFeatures = (sensors: readonly number[]): string[] => [
  'cycle',
  ...sensors.flatMap((s) => [
    ...MEANS.map((n) => `s${s + 1}_mean_${n}`),
    ...TRENDS.map((n) => `s${s + 1}_trend_${n}`),
    `s${s + 1}_since_new`,
  ]),
];

/**
 * What is known of an engine after `cycle` (from 1): means and slopes per cycle of each sensor over its last cycles, and how far
 * the last ones are from the first ones. Windows that reach back before the first cycle begin with it; a slope of one cycle is
 * missing. Written into `to` at `at`.
 */
export function writeEngineFeatures(
  { sensors }: Engine,
  cycle: number,
  chosen: readonly number[],
  to: Float32Array,
  at: number,
): void {
  let k = at;
  to[k++] = cycle;
  for (const s of chosen) {
    const mean = (from: number, until: number): number => {
      let sum = 0;
      for (let t = from; t < until; t++) sum += sensors[t * SENSORS + s] as number;
      return sum / (until - from);
    };
    for (const n of MEANS) to[k++] = mean(Math.max(0, cycle - n), cycle);
    for (const n of TRENDS) {
      const from = Math.max(0, cycle - n);
      const middle = (from + cycle - 1) / 2;
      const level = mean(from, cycle);
      let up = 0;
      let across = 0;
      for (let t = from; t < cycle; t++) {
        up += (t - middle) * ((sensors[t * SENSORS + s] as number) - level);
        across += (t - middle) ** 2;
      }
      to[k++] = across === 0 ? Number.NaN : up / across;
    }
    to[k++] = mean(Math.max(0, cycle - FIRST), cycle) - mean(0, Math.min(FIRST, cycle));
  }
}
