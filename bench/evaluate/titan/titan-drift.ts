import { binCounts, type StabilityBins, stabilityBins, stabilityIndex } from '../../../models/drift/psi.ts';
import { TITAN_FEATURES, type TitanFeature } from './titan-memory.ts';
import { monthOf } from './titan-records.ts';
import { foreseenKey, type TitanLandmark, type TitanStudy } from './titan-study.ts';

export interface DriftMonth {
  readonly month: string;
  /** Features that have moved, most first. */
  readonly features: readonly { readonly feature: TitanFeature; readonly psi: number }[];
  /** Of the probabilities of the model that was trained once. */
  readonly foreseen_psi: number;
  /** Failures per failure that it had foreseen, of landmarks that were over by then; null before there are any. */
  readonly failures_per_foreseen: number | null;
  /** What rings: features, foreseen, outcome. */
  readonly alarms: readonly DriftAlarm[];
}

export type DriftAlarm = 'features' | 'foreseen' | 'outcome';

export const PSI_MUCH = 0.25;
/** Older every month by nature. */
const CLOCKS: readonly TitanFeature[] = ['age_days', 'installed_days'];
const REFERENCE_MONTHS = 12;
const OUTCOME_MONTHS = 3;
/** Twice what was foreseen or half of it, and more than chance: 4 standard deviations of a Poisson count. */
const OUTCOME_FACTOR = 2;
const OUTCOME_DEVIATIONS = 4;
const HORIZON = 30;

interface Reference {
  readonly bins: readonly StabilityBins[];
  readonly counts: readonly Float64Array[];
}

/**
 * What a person would have been told month by month about the 30-day model that was trained once: whether the GPUs it is asked
 * about, its answers, or what happens are still those of its last year of training. Outcomes are those known at the month.
 */
export function titanDrift({ landmarks, once, boosted_once }: TitanStudy): DriftMonth[] {
  if (once < 0 || boosted_once === null) return [];
  const trained_on = landmarks.slice(Math.max(0, once - REFERENCE_MONTHS), once);
  const inputs = referenceOf(TITAN_FEATURES.map((_, column) => trained_on.map((one) => columnValues(one, column))));
  const answers = referenceOf([trained_on.map(({ rows }) => boosted_once(rows.values, HORIZON))]);
  return landmarks.slice(once).map((landmark, i) => {
    const features = TITAN_FEATURES.map((feature, column) => ({
      feature,
      psi: psiOf(inputs, column, columnValues(landmark, column)),
    }))
      .filter(({ feature, psi }) => psi > PSI_MUCH && !CLOCKS.includes(feature))
      .sort((a, b) => b.psi - a.psi);
    const foreseen_psi = psiOf(answers, 0, landmark.foreseen.get(foreseenKey('boosting once', HORIZON)) ?? []);
    const { failures, foreseen } = lately(landmarks.slice(once, once + i), landmark.rows.at);
    const ratio = failures / foreseen;
    const beyond = Math.abs(failures - foreseen) > OUTCOME_DEVIATIONS * Math.sqrt(foreseen);
    const alarms: DriftAlarm[] = [];
    if (features.length > 0) alarms.push('features');
    if (foreseen_psi > PSI_MUCH) alarms.push('foreseen');
    if (beyond && (ratio > OUTCOME_FACTOR || ratio < 1 / OUTCOME_FACTOR)) alarms.push('outcome');
    return {
      month: monthOf(landmark.rows.at),
      features,
      foreseen_psi,
      failures_per_foreseen: foreseen > 0 ? ratio : null,
      alarms,
    };
  });
}

/** Failures and what was foreseen of them, over the last landmarks whose horizon has passed. */
function lately(landmarks: readonly TitanLandmark[], now: number): { failures: number; foreseen: number } {
  let failures = 0;
  let foreseen = 0;
  for (const { foreseen: answers, outcomes } of landmarks
    .filter(({ rows }) => rows.at + HORIZON <= now)
    .slice(-OUTCOME_MONTHS)) {
    const known = outcomes.get(HORIZON);
    answers.get(foreseenKey('boosting once', HORIZON))?.forEach((probability, i) => {
      const weight = known?.weights[i] ?? 0;
      failures += weight * (known?.labels[i] ?? 0);
      foreseen += weight * probability;
    });
  }
  return { failures, foreseen };
}

const columnValues = ({ rows }: TitanLandmark, column: number): Float32Array =>
  Float32Array.from(rows.gpus, (_, i) => rows.values[i * TITAN_FEATURES.length + column] as number);

function referenceOf(series: readonly (readonly ArrayLike<number>[])[]): Reference {
  const all = series.map((parts) => Float64Array.from(parts.flatMap((part) => Array.from(part))));
  const bins = all.map((values) => stabilityBins(values));
  return { bins, counts: all.map((values, i) => binCounts(values, bins[i] ?? [])) };
}

const psiOf = ({ bins, counts }: Reference, which: number, values: ArrayLike<number>): number =>
  stabilityIndex(counts[which] ?? [], binCounts(values, bins[which] ?? []));
