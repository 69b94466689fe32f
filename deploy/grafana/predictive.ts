import { DECISIONS, FAILURE_TYPES } from '../../pipeline/contract/predictions.ts';
import { FORECAST_PANELS } from './forecast-panels.ts';
import type { Row } from './live-overview.ts';
import { RISK_STEPS, steps } from './looks.ts';
import { MODEL_QUALITY } from './model-quality.ts';
import { bars, lines, shares, stat, table } from './panels.ts';
import { countsOverTime, each, IN_RANGE, lately, newest, ONCE_AN_HOUR, SCOPE } from './sql.ts';

const PREDICTED = newest(
  'gpu_uuid, node, failure_prob_7d, failure_prob_30d, failure_prob_90d, predicted_failure_type, estimated_ttf_days AS ttf_days, confidence, model_name, model_version, explanation',
  'gpu_failure_predictions',
  24,
);
const DECIDED = newest(
  'gpu_uuid, node, decision, advice, npv_keep, npv_sell, npv_repurpose, salvage_value, expected_value, confidence, value_at_risk_usd_per_hour AS usd_per_hour, rationale',
  'gpu_economic_decisions',
  24,
);
const ADVICES = ['keep', 'watch', 'drain', 'rma', 'repurpose', 'sell', 'decommission'] as const;
const RISKS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5] as const;

const per = (column: string, names: readonly string[]): string =>
  names.map((name) => `sum(CASE WHEN ${column} = '${name}' THEN 1 ELSE 0 END) AS "${name}"`).join(', ');

const perRisk = [...RISKS, 1].map((high, i) => {
  const low = i === 0 ? 0 : (RISKS[i - 1] ?? 0);
  const upper = high === 1 ? 'failure_prob_30d <= 1' : `failure_prob_30d < ${high}`;
  return `sum(CASE WHEN failure_prob_30d >= ${low} AND ${upper} THEN 1 ELSE 0 END) AS "${low * 100}-${high * 100} %"`;
});

const risk: Row = {
  title: 'Failure risk',
  panels: [
    stat({
      title: 'Failures expected in 30 days',
      help: 'Sum of the probabilities of the chosen GPUs.',
      sql: `SELECT sum(failure_prob_30d) AS failures FROM (${PREDICTED})`,
      width: 4,
      decimals: 1,
    }),
    stat({
      title: 'GPUs over 20 %',
      help: 'More likely than one in five to fail within 30 days.',
      sql: `SELECT count() AS gpus FROM (${PREDICTED}) WHERE failure_prob_30d >= 0.2`,
      width: 4,
      steps: steps('green', [1, 'orange']),
    }),
    stat({
      title: 'Cost of waiting',
      help: 'Expected loss of all chosen boards per hour.',
      sql: `SELECT sum(usd_per_hour) AS usd_per_hour FROM (${DECIDED})`,
      width: 4,
      unit: 'currencyUSD',
      decimals: 2,
    }),
    stat({
      title: 'Confidence',
      help: 'Mean over the newest predictions: falls with missing inputs, novelty and disagreement among the models.',
      sql: `SELECT avg(confidence) AS confidence FROM (${PREDICTED})`,
      width: 4,
      unit: 'percentunit',
      decimals: 0,
    }),
    stat({
      title: 'Limits within three days',
      help: 'GPUs of which a reading is expected to reach its limit within 72 hours.',
      sql: `SELECT count_distinct(gpu_uuid) AS gpus FROM (SELECT gpu_uuid, eta_ts FROM gpu_forecasts WHERE ${SCOPE} AND ${lately('h', 24)} LATEST ON ts PARTITION BY gpu_uuid, instance, metric) WHERE eta_ts < dateadd('d', 3, now())`,
      width: 4,
      steps: steps('green', [1, 'orange']),
    }),
    stat({
      title: 'Value of the fleet',
      help: 'The best of the four options of each board, summed.',
      sql: `SELECT sum(expected_value) AS usd FROM (${DECIDED})`,
      width: 4,
      unit: 'currencyUSD',
      decimals: 0,
    }),
    table({
      title: 'Highest risk',
      help: 'Newest prediction of each GPU and MIG instance.',
      sql: `SELECT * FROM (${PREDICTED}) ORDER BY failure_prob_30d DESC LIMIT 50`,
      width: 16,
      height: 10,
    }),
    bars({
      title: 'How the risk is spread',
      help: 'GPUs by their probability of a failure within 30 days; few should stand to the right.',
      sql: `SELECT ${perRisk.join(', ')} FROM (${PREDICTED})`,
      width: 8,
      height: 10,
    }),
    lines({
      title: 'Risk over time',
      help: 'Mean and highest probability within 30 days, and the mean within 7 days, of the chosen GPUs.',
      sql: `SELECT ts AS time, avg(failure_prob_7d) AS mean_7d, avg(failure_prob_30d) AS mean_30d, max(failure_prob_30d) AS highest_30d FROM gpu_failure_predictions WHERE ${SCOPE} AND ${ONCE_AN_HOUR} AND ${IN_RANGE} SAMPLE BY $__interval`,
      width: 12,
      unit: 'percentunit',
      min: 0,
      steps: RISK_STEPS,
      interval: '1h',
    }),
    shares({
      title: 'What is expected to fail',
      help: 'Predicted type of the GPUs that are more likely than one in twenty to fail within 30 days.',
      sql: `SELECT ${per('predicted_failure_type', FAILURE_TYPES)} FROM (${PREDICTED}) WHERE failure_prob_30d >= 0.05`,
      width: 6,
    }),
    shares({
      title: 'Advice',
      help: 'Newest decision of each board.',
      sql: `SELECT ${per('advice', ADVICES)} FROM (${DECIDED})`,
      width: 6,
      colours: { keep: 'green', watch: 'yellow', drain: 'red', rma: 'dark-red', repurpose: 'orange', sell: 'blue' },
    }),
  ],
};

const money: Row = {
  title: 'Decisions',
  panels: [
    table({
      title: 'What to do with which board',
      help: 'Newest decision of each, the most expensive to leave alone first; US dollars.',
      sql: `SELECT * FROM (${DECIDED}) ORDER BY usd_per_hour DESC LIMIT 50`,
      width: 16,
      height: 10,
    }),
    lines({
      title: 'Decisions over time',
      help: 'Share of the decisions told; they come every half hour, in back-filled history less often.',
      sql: countsOverTime('gpu_economic_decisions', 'decision', each(DECISIONS)),
      width: 8,
      height: 10,
      stacked: 'percent',
      interval: '6h',
    }),
  ],
};

export const PREDICTIVE: readonly Row[] = [risk, FORECAST_PANELS, money, MODEL_QUALITY];
