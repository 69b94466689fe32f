import { type Judged, type ReliabilityBin, type RiskFigures, reliability, riskFigures } from './calibration.ts';
import { type TitanCoxFigures, titanCox } from './titan-cox.ts';
import { type DriftMonth, titanDrift } from './titan-drift.ts';
import { monthOf, readTitan, type TitanHistory } from './titan-records.ts';
import {
  foreseenKey,
  TITAN_HORIZONS,
  TITAN_MODELS,
  type TitanHorizon,
  type TitanLandmark,
  type TitanModel,
  titanStudy,
} from './titan-study.ts';

export interface TitanYear extends RiskFigures {
  readonly model: TitanModel;
  readonly horizon_days: TitanHorizon;
  readonly year: number;
}

export interface TitanReliability {
  readonly model: TitanModel;
  readonly horizon_days: TitanHorizon;
  readonly bins: readonly ReliabilityBin[];
}

export interface TitanFigures {
  readonly gpus: number;
  readonly landmarks: number;
  readonly rows: number;
  /** How often the retrained models were. */
  readonly trainings: number;
  /** 2016-01: when the models that are trained once were; null = never. */
  readonly once_at: string | null;
  readonly years: readonly TitanYear[];
  /** Over the years in which all models are there. */
  readonly reliability: readonly TitanReliability[];
  readonly drift: readonly DriftMonth[];
  readonly cox: readonly TitanCoxFigures[];
}

export interface TitanFiguresOptions {
  readonly seed: number;
  readonly say?: (line: string) => void;
}

/** Two years of records, and the first ones with more than a handful of failures. */
const ONCE_AT = Date.UTC(2016, 0, 1) / 86_400_000;
const STUDY = { once_at: ONCE_AT, one_in: 30, failures_min: 30 } as const;

/**
 * Real GPUs, five years: failures foreseen month by month, by models that learn again every month and by models that learned
 * once, and the published Cox model. Null where the folder (`titan` of the check data) is not there.
 */
export function titanFigures(folder: string, options: TitanFiguresOptions): TitanFigures | null {
  const history = readTitan(folder);
  if (history === null) return null;
  const cox = (['efron', 'breslow'] as const).flatMap((ties) => titanCox(folder, ties) ?? []);
  return { ...studyFigures(history, { ...STUDY, ...options }), cox };
}

export function studyFigures(
  history: TitanHistory,
  options: Parameters<typeof titanStudy>[1],
): Omit<TitanFigures, 'cox'> {
  const study = titanStudy(history, options);
  const { landmarks, once, trainings } = study;
  const years: TitanYear[] = [];
  const bins: TitanReliability[] = [];
  const asked = new Set(landmarks.map(yearOf));
  const since = once < 0 ? Number.POSITIVE_INFINITY : (landmarks[once]?.rows.at ?? 0);
  for (const horizon_days of TITAN_HORIZONS) {
    for (const model of TITAN_MODELS) {
      for (const year of asked) {
        const judged = judgedOf(
          landmarks.filter((one) => yearOf(one) === year),
          model,
          horizon_days,
        );
        if (judged.labels.length > 0) years.push({ model, horizon_days, year, ...riskFigures(judged) });
      }
      const late = judgedOf(
        landmarks.filter(({ rows }) => rows.at >= since),
        model,
        horizon_days,
      );
      bins.push({ model, horizon_days, bins: reliability(late) });
    }
  }
  const month_once = landmarks[once];
  return {
    gpus: history.gpus,
    landmarks: landmarks.length,
    rows: landmarks.reduce((sum, { rows }) => sum + rows.gpus.length, 0),
    trainings,
    once_at: month_once === undefined ? null : monthOf(month_once.rows.at),
    years,
    reliability: bins,
    drift: titanDrift(study),
  };
}

const yearOf = ({ rows }: TitanLandmark): number => Number(monthOf(rows.at).slice(0, 4));

/** Rows of which it is known what became of them. */
function judgedOf(landmarks: readonly TitanLandmark[], model: TitanModel, horizon: TitanHorizon): Judged {
  const labels: number[] = [];
  const probabilities: number[] = [];
  const weights: number[] = [];
  for (const { foreseen, outcomes } of landmarks) {
    const answers = foreseen.get(foreseenKey(model, horizon));
    const known = outcomes.get(horizon);
    if (answers === undefined || known === undefined) continue;
    answers.forEach((probability, i) => {
      if (known.weights[i] === 0) return;
      labels.push(known.labels[i] as number);
      probabilities.push(probability);
      weights.push(known.weights[i] as number);
    });
  }
  return { labels, probabilities, weights };
}
