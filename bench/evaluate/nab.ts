import { SERIES_DETECTORS, type SeriesDetector } from './nab-detectors.ts';
import { type NabAnswer, type NabResult, nabScore } from './nab-score.ts';
import { type NabSeries, readNab } from './nab-series.ts';

export interface NabFigures {
  readonly detector: string;
  readonly how: string;
  /** By profile, at the threshold that is best for all series together: the benchmark's own practice. */
  readonly best: Readonly<Record<string, NabResult>>;
  /** By profile, at the threshold of the product; null where it has none. */
  readonly shipped: Readonly<Record<string, NabResult>> | null;
}

export interface NabReport {
  readonly series: number;
  readonly readings: number;
  readonly windows: number;
  readonly detectors: readonly NabFigures[];
  /** Published scores by detector and profile, over the 58 series of the benchmark: not the same series. */
  readonly published: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Detectors on the benchmark's series; null where these are not there. */
export function evaluateNab(folder: string): NabReport | null {
  const corpus = readNab(folder);
  if (corpus === null) return null;
  const { series, profiles, published } = corpus;
  return {
    series: series.length,
    readings: series.reduce((sum, one) => sum + one.values.length, 0),
    windows: series.reduce((sum, one) => sum + one.windows.length, 0),
    detectors: SERIES_DETECTORS.map((detector) => {
      const answers = series.map((one) => answerOf(detector, one));
      const by = (threshold: number | null): Record<string, NabResult> =>
        Object.fromEntries(profiles.map((profile) => [profile.name, nabScore(answers, profile, threshold)]));
      const { name, how, threshold } = detector;
      return { detector: name, how, best: by(null), shipped: threshold === null ? null : by(threshold) };
    }),
    published,
  };
}

function answerOf(detector: SeriesDetector, { ts, values, windows }: NabSeries): NabAnswer {
  const next = detector.start();
  const scores = Float64Array.from(values, (value, i) => next(ts[i] as number, value));
  return { scores, windows };
}
