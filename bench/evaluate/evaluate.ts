import type { Clock } from '../../pipeline/clock.ts';
import { type CaptureFigures, evaluateCaptures } from './captures.ts';
import { evaluateNab, type NabReport } from './nab.ts';
import {
  evaluatePrediction,
  PREDICTION_DEFAULTS,
  PREDICTION_QUICK,
  type PredictionReport,
} from './prediction/evaluate-prediction.ts';
import type { FleetSize } from './prediction/simulated-prediction.ts';
import { evaluateStorm, STORM_CASES, type StormFigures } from './sbe-storm.ts';
import { evaluateSimulated, type SimulatedReport } from './simulated.ts';

export const PARTS = ['simulated', 'nab', 'captures', 'prediction'] as const;
export type Part = (typeof PARTS)[number];
/** What is judged when nobody says what: predictions take ten minutes by themselves. */
export const DEFAULT_PARTS: readonly Part[] = ['simulated', 'nab', 'captures'];

export interface EvaluateOptions {
  readonly parts: readonly Part[];
  readonly gpus: number;
  readonly days: number;
  readonly seed: number;
  /** The fleet that predictions are judged on. */
  readonly prediction: FleetSize;
  /** Shows that everything works, not how well. */
  readonly quick: boolean;
  readonly clock: Clock;
  /** Folder of the check data; what needs it is left out where it is not there. */
  readonly data: string;
  readonly say: (line: string) => void;
}

/** A fleet large and long enough that one false critical shows as less than what is allowed. */
export const EVALUATE_DEFAULTS = {
  gpus: 1_280,
  days: 5,
  seed: 1,
  prediction: PREDICTION_DEFAULTS,
  quick: false,
} as const;
/** Shows that everything works, not how well. */
export const EVALUATE_QUICK = { gpus: 256, days: 0.25, seed: 1, prediction: PREDICTION_QUICK, quick: true } as const;

/** What was judged; null what was not asked for or could not be, with the reason in `skipped`. */
export interface Evaluation {
  readonly simulated: SimulatedReport | null;
  readonly nab: NabReport | null;
  readonly captures: readonly CaptureFigures[] | null;
  readonly storm: readonly StormFigures[] | null;
  readonly prediction: PredictionReport | null;
  readonly skipped: Readonly<Partial<Record<Part, string>>>;
}

/** Everything that the topology claims to see and foresee, held against what is known. The same options give the same figures. */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { parts, data, say } = options;
  const asked = (part: Part): boolean => parts.includes(part);
  const skipped: Partial<Record<Part, string>> = {};
  const orSkip = <T>(part: Part, found: T | null, folders: string): T | null => {
    if (asked(part) && found === null) skipped[part] = `${folders} of the check data: not there`;
    return found;
  };
  let simulated: SimulatedReport | null = null;
  if (asked('simulated')) {
    say(`simulated: ${options.gpus} GPUs, ${options.days} days, seed ${options.seed}`);
    simulated = await evaluateSimulated(options);
  }
  if (asked('nab')) say('nab: series of the Numenta Anomaly Benchmark');
  const nab = asked('nab') ? orSkip('nab', evaluateNab(`${data}/nab`), 'nab/') : null;
  if (asked('captures')) say('captures: recordings of real GPUs, and the storm of corrected errors');
  const captures = asked('captures')
    ? orSkip('captures', await evaluateCaptures(data), 'telemetry/, dcgm-exporter/')
    : null;
  const storm = asked('captures') ? STORM_CASES.map(evaluateStorm) : null;
  const prediction = asked('prediction') ? await evaluatePrediction({ ...options, fleet: options.prediction }) : null;
  return { simulated, nab, captures, storm, prediction, skipped };
}
