import type { Bench } from './bench.ts';
import { BOOSTING_TRAINING_DEFAULTS, benchBoostingTraining } from './boosting-training.ts';
import { benchLstmStep } from './lstm-step.ts';
import { benchPredictionStage } from './prediction-stage.ts';
import { SHIPPED_SIZE } from './train-shipped/train-shipped.ts';
import { benchXgboostScoring, XGBOOST_SCORING_DEFAULTS } from './xgboost-scoring.ts';

const { chunk_steps, chunks_per_epoch, epochs } = SHIPPED_SIZE.lstm;
/** More than it takes: it ends when it learns no more. */
const shippedSteps = (chunk_steps ?? Number.NaN) * (chunks_per_epoch ?? Number.NaN) * (epochs ?? Number.NaN);

/** What foreseeing failures costs, part by part. */
export const MODEL_BENCHES: readonly Bench[] = [
  {
    name: 'xgboost',
    summary: 'scores and contributions of 500 trees of depth 6 over 200 features, CPU of one core',
    async run({ quick }) {
      const size = quick ? { seconds: 0.02, trees: 20, rows: 256 } : {};
      const figures = benchXgboostScoring({ ...XGBOOST_SCORING_DEFAULTS, ...size });
      return [
        { name: 'score', value: figures.scored_per_s, unit: 'rows/s', at_least: 100_000 },
        { name: 'contributions', value: figures.explained_per_s, unit: 'rows/s' },
        { name: 'one row, score and contributions', value: figures.single_ms, unit: 'ms' },
        { name: 'made ready from its nodes', value: figures.ready_ms, unit: 'ms' },
      ];
    },
  },
  {
    name: 'boosting',
    summary: 'training boosted trees by histograms, 100,000 rows of 200 features at depth 6, CPU of one core',
    async run({ quick }) {
      const size = quick ? { rows: 2_000, features: 12, rounds: 8 } : {};
      const figures = benchBoostingTraining({ ...BOOSTING_TRAINING_DEFAULTS, ...size });
      return [
        { name: 'setup', value: figures.setup_s, unit: 's' },
        { name: 'round', value: figures.round_ms, unit: 'ms' },
        { name: 'learned', value: figures.cells_per_s, unit: 'rows x features x rounds/s' },
        { name: '500 rounds', value: figures.whole_s, unit: 's' },
        { name: '500 rounds, to XGBoost on one thread', value: figures.to_xgboost, unit: 'ratio', at_most: 3 },
      ];
    },
  },
  {
    name: 'lstm',
    summary: 'a step of the recurrent network, 2 x 128 with 32 inputs, and learning it; CPU of one core',
    async run({ quick }) {
      const figures = await benchLstmStep(
        quick
          ? { seconds: 0.005, units: 8, lanes: 4, windows: 2 }
          : { seconds: 2, units: 128, lanes: 128, windows: 20 },
      );
      return [
        ...Object.entries(figures.step_us).map(([count, us]) => ({
          name: `step, ${count} at once`,
          value: us,
          unit: 'us/GPU',
        })),
        { name: 'step of 100,000 GPUs', value: figures.fleet_s, unit: 's', at_most: 10 },
        { name: 'step without WebAssembly', value: figures.plain_step_us, unit: 'us/GPU' },
        { name: 'state', value: figures.state_bytes_per_gpu, unit: 'B/GPU' },
        { name: 'training, forth and back', value: figures.training_steps_per_s, unit: 'steps/s' },
        {
          name: 'training the shipped network, all epochs',
          value: shippedSteps / figures.training_steps_per_s / 60,
          unit: 'min',
          at_most: 20,
        },
      ];
    },
  },
  {
    name: 'prediction',
    summary: 'foreseeing failures and deciding about boards, with the model that is shipped; CPU of one core',
    async run({ quick }) {
      const figures = await benchPredictionStage(quick ? { gpus: 8, days: 0.5 } : { gpus: 64, days: 6 });
      return [
        { name: 'prediction', value: figures.prediction_us, unit: 'us/vector' },
        { name: '100,000 GPUs, each 5 min', value: figures.fleet_s, unit: 's', at_most: 60 },
        { name: 'share of the 5 min', value: figures.slot_ratio, unit: 'ratio', at_most: 0.2 },
        { name: 'slowest prediction', value: figures.longest_ms, unit: 'ms', at_most: 50 },
        { name: 'decision', value: figures.decision_us, unit: 'us/board' },
        { name: 'state of the network', value: figures.carried_bytes_per_gpu, unit: 'B/GPU' },
      ];
    },
  },
];
