import { auc } from '../../../models/classification-metrics.ts';
import { binCounts, type StabilityBins, stabilityBins, stabilityIndex } from '../../../models/drift/psi.ts';
import { TITAN_FEATURES, type TitanFeature } from './titan-memory.ts';
import { monthOf } from './titan-records.ts';
import { foreseenKey, type TitanLandmark, type TitanModel, type TitanStudy } from './titan-study.ts';

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
  /** What came out later: whether it was time to ring. Null where nobody failed, or the records end before. */
  readonly auc_once: number | null;
  readonly auc_retrained: number | null;
}

export type DriftAlarm = 'features' | 'foreseen' | 'outcome';

export const PSI_MUCH = 0.25;
/** Times what the months of the reference themselves are apart: clocks and rates of the whole machine always move. */
const USUAL_FACTOR = 2;
const REFERENCE_MONTHS = 12;
const OUTCOME_MONTHS = 3;
/** Twice what was foreseen or half of it, and more than chance: 4 standard deviations of a Poisson count. */
const OUTCOME_FACTOR = 2;
const OUTCOME_DEVIATIONS = 4;
const HORIZON = 30;

/** One series of numbers in the year of training. */
interface Reference {
  readonly bins: StabilityBins;
  readonly counts: Float64Array;
  /** Index from which on it has moved. */
  readonly much: number;
}

/**
 * What a person would have been told month by month about the 30-day model that was trained once: whether the GPUs it is asked
 * about, its answers, or what happens are still those of its last year of training. Outcomes are those known at the month.
 */
export function titanDrift({ landmarks, once, boosted_once }: TitanStudy): DriftMonth[] {
  if (once < 0 || boosted_once === null) return [];
  const trained_on = landmarks.slice(Math.max(0, once - REFERENCE_MONTHS), once);
  const inputs = TITAN_FEATURES.map((feature, column) => ({
    feature,
    column,
    reference: referenceOf(trained_on.map((one) => columnValues(one, column))),
  }));
  const answers = referenceOf(trained_on.map(({ rows }) => boosted_once(rows.values, HORIZON)));
  return landmarks.slice(once).map((landmark, i) => {
    const features = inputs
      .map(({ feature, column, reference }) => ({
        feature,
        psi: psiOf(reference, columnValues(landmark, column)),
        much: reference.much,
      }))
      .filter(({ psi, much }) => psi > much)
      .sort((a, b) => b.psi - a.psi);
    const foreseen_psi = psiOf(answers, landmark.foreseen.get(foreseenKey('boosting once', HORIZON)) ?? []);
    const { failures, foreseen } = lately(landmarks.slice(once, once + i), landmark.rows.at);
    const ratio = failures / foreseen;
    const beyond = Math.abs(failures - foreseen) > OUTCOME_DEVIATIONS * Math.sqrt(foreseen);
    const alarms: DriftAlarm[] = [];
    if (features.length > 0) alarms.push('features');
    if (foreseen_psi > answers.much) alarms.push('foreseen');
    if (beyond && (ratio > OUTCOME_FACTOR || ratio < 1 / OUTCOME_FACTOR)) alarms.push('outcome');
    return {
      month: monthOf(landmark.rows.at),
      features: features.map(({ feature, psi }) => ({ feature, psi })),
      foreseen_psi,
      auc_once: aucOf(landmark, 'boosting once'),
      auc_retrained: aucOf(landmark, 'boosting retrained'),
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

function aucOf({ foreseen, outcomes }: TitanLandmark, model: TitanModel): number | null {
  const known = outcomes.get(HORIZON);
  const answers = foreseen.get(foreseenKey(model, HORIZON));
  if (known === undefined || answers === undefined) return null;
  const area = auc(known.labels, answers, known.weights);
  return Number.isNaN(area) ? null : area;
}

function referenceOf(months: readonly ArrayLike<number>[]): Reference {
  const all = Float64Array.from(months.flatMap((values) => Array.from(values)));
  const bins = stabilityBins(all);
  const counts = binCounts(all, bins);
  const usual = Math.max(0, ...months.map((values) => stabilityIndex(counts, binCounts(values, bins))));
  return { bins, counts, much: Math.max(PSI_MUCH, USUAL_FACTOR * usual) };
}

const psiOf = ({ bins, counts }: Reference, values: ArrayLike<number>): number =>
  stabilityIndex(counts, binCounts(values, bins));
