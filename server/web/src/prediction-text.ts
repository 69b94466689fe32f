import type { PredictionAnswer } from './answers.ts';
import { featureLabel, featureValue } from './feature-label.ts';
import { decimal, duration, percent } from './format-value.ts';

const DAY_S = 86_400;
/** Log-odds under which a reason moves nothing that one would see. */
const NOTHING = 0.005;

/** What a model was trained on, as a warning beside its figures; empty when it was real telemetry. */
export function originText(trained_on: string): string {
  switch (trained_on) {
    case 'simulated':
      return 'trained on simulated fleets';
    case 'mixed':
      return 'trained on real and simulated fleets';
    case 'nothing':
      return 'rule of thumb, no trained model';
    case 'unknown':
      return 'nobody knows what it was trained on';
    default:
      return '';
  }
}

type Said = Pick<PredictionAnswer, 'model_name' | 'explanation'>;

/** What the model of a prediction was trained on, by what the prediction itself says. */
export function trainedOn({ model_name, explanation }: Said): string {
  if (model_name === 'heuristic') return 'nothing';
  if (/trained on real and simulated fleets/.test(explanation)) return 'mixed';
  return /trained on simulated fleets/.test(explanation) ? 'simulated' : 'real';
}

export const modelText = ({
  model_name,
  model_version,
}: Pick<PredictionAnswer, 'model_name' | 'model_version'>): string =>
  model_name === 'heuristic' ? 'heuristic' : `${model_name} ${model_version}`;

const days = (count: number): string => duration(Math.round(count * DAY_S));
const rough = (count: number): string => (count >= 2 ? `${decimal(count, 0)} d` : days(count));

/** `about 41 d (80 %: 9 d to 122 d)`; beyond what the model has seen where it tells none. */
export function failureTime(
  prediction: Pick<PredictionAnswer, 'estimated_ttf_days' | 'ttf_low_days' | 'ttf_high_days'>,
): string {
  const { estimated_ttf_days: median, ttf_low_days: low, ttf_high_days: high } = prediction;
  if (median === null) return low === null ? 'beyond what the model has seen' : `not before ${rough(low)} (80 %)`;
  const range =
    low === null && high === null
      ? ''
      : ` (80 %: ${low === null ? 'now' : rough(low)} to ${high === null ? 'beyond what it has seen' : rough(high)})`;
  return `about ${rough(median)}${range}`;
}

/** One reason of a prediction, in words. */
export interface Reason {
  readonly key: string;
  readonly what: string;
  readonly value: string;
  readonly direction: 'raises' | 'lowers' | 'neither';
  /** How far: of odds for a model, of percentage points for the heuristic. */
  readonly how_far: string;
  /** 0..1 of the largest. */
  readonly size: number;
}

export function reasonsOf(prediction: Pick<PredictionAnswer, 'model_name' | 'contributions'>): readonly Reason[] {
  const { contributions, model_name } = prediction;
  const points = model_name === 'heuristic';
  const largest = Math.max(...contributions.map(({ contribution }) => Math.abs(contribution)), NOTHING);
  return contributions.map(({ feature, value, contribution }) => {
    const none = Math.abs(contribution) < NOTHING;
    return {
      key: feature,
      what: featureLabel(feature),
      value: featureValue(feature, value),
      direction: none ? 'neither' : contribution > 0 ? 'raises' : 'lowers',
      how_far: none ? 'does not speak for a failure' : points ? inPoints(contribution) : inOdds(contribution),
      size: none ? 0 : Math.abs(contribution) / largest,
    };
  });
}

const inPoints = (share: number): string => `${share > 0 ? '+' : '−'}${percent(Math.abs(share))} points`;

/** Log-odds as what they do to the odds. */
function inOdds(log_odds: number): string {
  const factor = Math.exp(Math.abs(log_odds));
  return `odds ${log_odds > 0 ? '×' : '÷'} ${decimal(factor, factor < 10 ? 2 : 0)}`;
}

/** How worried one should look; the number says it too. */
export const riskTone = (p30: number): 'critical' | 'warning' | 'healthy' =>
  p30 >= 0.3 ? 'critical' : p30 >= 0.1 ? 'warning' : 'healthy';

/** Percent with as many digits as it takes to tell it from none. */
export function chance(p: number | null): string {
  if (p === null) return 'n/a';
  const shown = 100 * p;
  return `${shown === 0 ? '0' : shown < 0.01 ? '<0.01' : shown < 1 ? decimal(shown, 2) : shown < 10 ? decimal(shown, 1) : decimal(shown, 0)} %`;
}
