/**
 * The scoring of the Numenta Anomaly Benchmark: Lavin and Ahmad 2015, "Evaluating Real-time Anomaly Detection Algorithms",
 * section III, and its later corrections (a true positive at a window's left edge is worth exactly its weight).
 */
export interface NabProfile {
  readonly name: string;
  /** Worth of a window found, cost of a false reading, cost of a window missed. */
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
}

/** A labelled stretch by the indexes of its first and last reading. */
export interface NabWindow {
  readonly first: number;
  readonly last: number;
}

/** A detector's answer to one series: a score per reading, higher = stranger. */
export interface NabAnswer {
  readonly scores: ArrayLike<number>;
  readonly windows: readonly NabWindow[];
}

const PROBATION = 0.15;
/** A series is on probation for at most 15 % of this many readings. */
const PROBATION_READINGS = 5_000;

/** How many readings at the beginning nobody judges. */
export const probationOf = (readings: number): number =>
  Math.min(Math.floor(PROBATION * readings), PROBATION * PROBATION_READINGS);

/** From +1 (far before a window's right end, at -1 its left) over 0 (at its end) to -1 (far behind). */
export const scaledSigmoid = (position: number): number => (position >= 3 ? -1 : 2 / (1 + Math.exp(5 * position)) - 1);

/** One judged reading: what it is worth when it is called strange, and the window that it lies in; -1 = none. */
interface Reading {
  readonly score: number;
  readonly worth: number;
  readonly window: number;
}

/** Readings of one series after probation; windows are numbered from `first_window`. */
function judgedReadings(answer: NabAnswer, profile: NabProfile, first_window: number): Reading[] {
  const { scores, windows } = answer;
  const best = scaledSigmoid(-1);
  const out: Reading[] = [];
  let next = 0;
  let behind: NabWindow | null = null;
  for (let i = 0; i < scores.length; i++) {
    const ahead = windows[next];
    const inside = ahead !== undefined && i >= ahead.first;
    let worth: number;
    if (inside) {
      const width = ahead.last - ahead.first + 1;
      worth = (scaledSigmoid(-(ahead.last - i + 1) / width) * profile.tp) / best;
    } else {
      const position = behind === null ? 3 : (i - behind.last) / (behind.last - behind.first);
      worth = scaledSigmoid(position) * profile.fp;
    }
    if (i >= probationOf(scores.length)) {
      out.push({ score: scores[i] as number, worth, window: inside ? first_window + next : -1 });
    }
    if (inside && i === ahead.last) {
      behind = ahead;
      next++;
    }
  }
  return out;
}

export interface NabResult {
  /** 0 = a detector that says nothing, 100 = one that calls each window at its first reading and nothing else. */
  readonly score: number;
  /** Readings with this score and above are called strange; null = none is. */
  readonly threshold: number | null;
  readonly windows: number;
  readonly windows_found: number;
  /** Readings called strange outside of every window. */
  readonly false_readings: number;
}

/**
 * The normalised score of a detector over series, at one threshold for all of them: the given one, or the best there is,
 * as the benchmark allows every detector. Of a window only the best reading counts, of false readings each.
 */
export function nabScore(answers: readonly NabAnswer[], profile: NabProfile, threshold: number | null): NabResult {
  let windows = 0;
  const readings: Reading[] = [];
  for (const answer of answers) {
    readings.push(...judgedReadings(answer, profile, windows));
    windows += answer.windows.length;
  }
  readings.sort((a, b) => b.score - a.score);
  const worth_of = new Map<number, number>();
  let raw = -profile.fn * windows;
  let false_readings = 0;
  const normalised = (): number => (100 * (raw + profile.fn * windows)) / ((profile.tp + profile.fn) * windows);
  const standing = (at: number | null): NabResult => ({
    score: normalised(),
    threshold: at,
    windows,
    windows_found: worth_of.size,
    false_readings,
  });
  let best = standing(null);
  for (let i = 0; i < readings.length; i++) {
    const { score, worth, window } = readings[i] as Reading;
    if (threshold !== null && !(score >= threshold)) break;
    if (window < 0) {
      raw += worth;
      false_readings++;
    } else {
      const before = worth_of.get(window) ?? -profile.fn;
      raw += Math.max(before, worth) - before;
      worth_of.set(window, Math.max(before, worth));
    }
    const last_of_its_score = readings[i + 1]?.score !== score;
    if (last_of_its_score && (threshold !== null || normalised() > best.score)) best = standing(score);
  }
  return threshold === null ? best : { ...best, threshold };
}
