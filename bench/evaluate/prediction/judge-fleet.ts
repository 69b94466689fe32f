import { COMPONENTS, type LoadedBundle } from '../../../models/prediction/bundle.ts';
import { combine, sigmoid } from '../../../models/prediction/combiner.ts';
import { outcome } from '../../../models/prediction/landmarks.ts';
import { thresholdByCost } from '../../../models/prediction/threshold-by-cost.ts';
import { type FailureLabel, HORIZONS_DAYS, type HorizonDays } from '../../../pipeline/contract/predictions.ts';
import { type AlarmFigures, alarmFigures } from './alarm-figures.ts';
import { type RiskReport, riskReports } from './risk-report.ts';
import type { WatchedFleet } from './watch-fleet.ts';

export interface HorizonReport {
  readonly days: HorizonDays;
  readonly reports: readonly RiskReport[];
}

export interface NamedAlarms extends AlarmFigures {
  readonly model: string;
  /** How the threshold was found. */
  readonly at: string;
}

export interface FleetReport {
  readonly gpus: number;
  readonly gpu_days: number;
  readonly failures: number;
  readonly horizons: readonly HorizonReport[];
  /** 30 days: the ensemble, its parts alone, and the ensemble with a part that says nothing. */
  readonly ablations: readonly RiskReport[];
  readonly alarms: readonly NamedAlarms[];
}

export interface JudgeFleetOptions {
  readonly seed: number;
  readonly draws: number;
  /** What an alarm that was none and a failure without an alarm cost: for models that have no threshold of their own. */
  readonly costs: { readonly false_alarm_usd: number; readonly missed_failure_usd: number };
  readonly groupsOf: (failure: FailureLabel) => readonly string[];
}

export const ENSEMBLE = 'ensemble';
export const HEURISTIC = 'heuristic';
const BY_HORIZON = ['p7', 'p30', 'p90'] as const;
const MONTH = 1;

/** Trees of two horizons are one part: XGBoost. */
const PARTS: Readonly<Record<string, readonly (typeof COMPONENTS)[number][]>> = {
  trees: ['trees', 'imminent'],
  cox: ['cox'],
  lstm: ['lstm'],
  novelty: ['novelty'],
};

/** Judges what was said of a fleet by what became of it. */
export function judgeFleet(
  watched: WatchedFleet,
  failures: readonly FailureLabel[],
  loaded: LoadedBundle,
  options: JudgeFleetOptions,
): FleetReport {
  const { landmarks } = watched;
  const all = Array.from({ length: landmarks.rows }, (_, row) => row);
  const taken = (row: number): number => landmarks.taken[row] as number;
  const horizons = HORIZONS_DAYS.map((days, h): HorizonReport => {
    const name = BY_HORIZON[h] as (typeof BY_HORIZON)[number];
    return {
      days,
      reports: reportsOf(watched, days, options, {
        [ENSEMBLE]: (row) => watched.ensemble[taken(row)]?.[name] ?? 0,
        [HEURISTIC]: (row) => watched.heuristic[taken(row)]?.[name] ?? 0,
      }),
    };
  });
  const alarms = [ENSEMBLE, HEURISTIC].flatMap((model) => {
    const said = model === ENSEMBLE ? watched.ensemble : watched.heuristic;
    const p30 = all.map((row) => said[taken(row)]?.p30 ?? 0);
    const type = all.map((row) => said[taken(row)]?.type ?? 'other');
    const known = all.filter((row) => !Number.isNaN(outcome(landmarks, row, 30)));
    const cheapest = (): number =>
      thresholdByCost(
        known.map((row) => outcome(landmarks, row, 30)),
        known.map((row) => p30[row] as number),
        options.costs,
      );
    const report = horizons[MONTH]?.reports.find((one) => one.model === model);
    const points = [
      model === ENSEMBLE
        ? { at: 'its cost threshold', threshold: loaded.bundle.threshold_30d }
        : { at: 'cheapest in hindsight', threshold: cheapest() },
      ...(report?.precision_at ?? []).map(({ recall, threshold }) => ({ at: `recall ${recall}`, threshold })),
    ];
    return points.map(({ at, threshold }): NamedAlarms => {
      const { groupsOf } = options;
      return { model, at, ...alarmFigures({ landmarks, failures, p30, type, threshold, groupsOf }) };
    });
  });
  return {
    gpus: new Set(landmarks.gpu).size,
    gpu_days: landmarks.rows,
    failures: failures.length,
    horizons,
    ablations: reportsOf(watched, 30, options, ablations(watched, loaded)),
    alarms,
  };
}

/** Probability within 30 days by landmark, first the ensemble. */
function ablations(watched: WatchedFleet, { bundle }: LoadedBundle): Record<string, (row: number) => number> {
  const { landmarks } = watched;
  const from = MONTH * COMPONENTS.length;
  const inputs = (row: number): Float64Array =>
    (watched.inputs[landmarks.taken[row] as number] as Float64Array).subarray(from, from + COMPONENTS.length);
  const models: Record<string, (row: number) => number> = {
    [ENSEMBLE]: (row) => watched.ensemble[landmarks.taken[row] as number]?.p30 ?? 0,
  };
  const speaks = (part: string): boolean =>
    landmarks.rows > 0 && !Number.isNaN(inputs(0)[COMPONENTS.indexOf(part as (typeof COMPONENTS)[number])] as number);
  const parts = Object.keys(PARTS).filter(speaks);
  for (const part of parts) {
    const alone = bundle.alone[COMPONENTS.indexOf(part as (typeof COMPONENTS)[number])];
    if (alone) models[`${part} alone`] = (row) => sigmoid(combine(alone, inputs(row)));
  }
  for (const part of parts) {
    const silent = (PARTS[part] ?? []).map((name) => COMPONENTS.indexOf(name));
    models[`without ${part}`] = (row) => {
      const others = inputs(row).slice();
      for (const k of silent) others[k] = Number.NaN;
      return sigmoid(combine(bundle.combiners.d30, others));
    };
  }
  return models;
}

function reportsOf(
  { landmarks }: WatchedFleet,
  days: HorizonDays,
  { seed, draws }: JudgeFleetOptions,
  models: Readonly<Record<string, (row: number) => number>>,
): RiskReport[] {
  const known = Array.from({ length: landmarks.rows }, (_, row) => row).filter(
    (row) => !Number.isNaN(outcome(landmarks, row, days)),
  );
  return riskReports(
    {
      labels: Uint8Array.from(known, (row) => outcome(landmarks, row, days)),
      unit: Uint32Array.from(known, (row) => landmarks.gpu[row] as number),
      said: new Map(Object.entries(models).map(([name, p]) => [name, Float64Array.from(known, p)])),
    },
    { seed, draws },
  );
}
