import { loadPriceBook } from '../../operators/decisions/price-book.ts';
import { evaluateWhatIf, whatIfSchema } from '../../operators/decisions/what-if.ts';
import { vectorOf } from '../../operators/health/observations.fixture.ts';
import type { FeatureVector } from '../../pipeline/contract/events.ts';
import type { Decision, Prediction } from '../../pipeline/contract/predictions.ts';

/** What the engine tells of a board, for pages to show. */
export interface Board {
  readonly gpu_uuid: string;
  readonly node: string;
  readonly ts: number;
}

export const predictionOf = (board: Board, p30: number, changes: Partial<Prediction> = {}): Prediction => ({
  ...board,
  instance: '',
  failure_prob_7d: p30 / 4,
  failure_prob_30d: p30,
  failure_prob_90d: Math.min(0.99, 2.2 * p30),
  predicted_failure_type: 'memory',
  estimated_ttf_days: 41.2,
  ttf_low_days: 9,
  ttf_high_days: 122,
  confidence: 0.82,
  model_name: 'failure-prediction',
  model_version: '2',
  contributions: [
    { feature: 'ecc_sbe_event_count', value: 212, contribution: 1.31 },
    { feature: 'gpu_temp_max', value: 91.4, contribution: 0.62 },
    { feature: 'history_lstm', value: 0.21, contribution: 0.4 },
    { feature: 'gpu_age_days', value: 214, contribution: -0.33 },
    { feature: 'power_usage_std', value: null, contribution: 0.08 },
  ],
  explanation: `${Number((100 * p30).toPrecision(3))} % within 30 days, most likely memory; most of it because ecc_sbe_event_count is 212 count, gpu_temp_max is 91.4 C. The model was trained on simulated fleets only.`,
  ...changes,
});

export const decisionOf = (
  board: Board,
  about: { readonly health: number; readonly p30: number; readonly utilisation: number },
): Decision => {
  const prices = loadPriceBook(null);
  const request = whatIfSchema.parse({ ...about, model: 'NVIDIA H100 80GB HBM3', power_watts: 420, age_days: 200 });
  const { failure_cost_usd: _cost, assumptions: _assumed, ...decided } = evaluateWhatIf(request, prices);
  return { ...board, instance: '', ...decided };
};

export const featuresOf = (board: Board, known: Readonly<Record<string, number>>): FeatureVector =>
  vectorOf({ power_usage_mean: 420, gpu_age_days: 200, warranty_remaining_days: 0, ...known }, board);
