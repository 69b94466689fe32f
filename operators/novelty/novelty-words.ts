import { type KeptRow, NOVELTY_FEATURES, type NoveltyFeature } from './novelty-features.ts';
import { observedAndExpected, type Residuals } from './workload-residuals.ts';

/** `GPU temperature of the last hour 78.1 C where 63.4 C fits its work`. */
export function reasonInWords(residuals: Residuals, row: KeptRow, f: number): string {
  const { label, unit, given } = NOVELTY_FEATURES[f] as NoveltyFeature;
  const { observed, expected } = observedAndExpected(residuals, row, f);
  const usual =
    given.length === 0
      ? `where ${inUnit(expected, unit)} is usual`
      : `where the others at such work show ${inUnit(expected, unit)}`;
  return `${label} ${inUnit(observed, unit)} ${usual}`;
}

export const instant = (ts: number): string => `${new Date(ts).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

const inUnit = (value: number, unit: string): string => {
  const rounded = Number(value.toPrecision(3));
  return unit === 'ratio' ? `${Number((value * 100).toPrecision(3))} %` : `${rounded === 0 ? 0 : rounded} ${unit}`;
};
