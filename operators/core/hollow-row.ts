import { METRIC_COUNT, METRICS, type Metric } from '../../pipeline/contract/metrics.ts';

/** What a driver remembers of a board that it no longer reaches: the last code, masks, and what it asks for. */
const REMEMBERED = Uint8Array.from(METRICS, ({ kind, name }: Metric) =>
  kind === 'code' || kind === 'mask' || name === 'recovery_action' ? 1 : 0,
);

/** What a row shows of its GPU. */
export const [NOTHING, CODES, READINGS] = [0, 1, 2] as const;

/**
 * What a row shows: a reading, codes that are remembered anyway, or nothing but blanks.
 *
 * Cost: nearly always one comparison, since the first metric is there.
 */
export function sightOf(values: Float64Array, row: number): number {
  const from = row * METRIC_COUNT;
  let seen: number = NOTHING;
  for (let m = 0; m < METRIC_COUNT; m++) {
    if (Number.isNaN(values[from + m])) continue;
    if (REMEMBERED[m] === 0) return READINGS;
    seen = CODES;
  }
  return seen;
}
