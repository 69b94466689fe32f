import { column, INSTANCE, NODE, type TableSpec, TS, UUID } from './table-spec.ts';

/** Tables of what is foreseen, decided and learned. */

export const GPU_FAILURE_PREDICTIONS: TableSpec = {
  name: 'gpu_failure_predictions',
  summary: 'How likely each GPU (or MIG instance) is to fail, every 5 minutes.',
  columns: [
    TS,
    UUID,
    NODE,
    INSTANCE,
    ...[7, 30, 90].map((days) =>
      column(`failure_prob_${days}d`, 'DOUBLE', `Probability 0..1 of a failure within ${days} days.`),
    ),
    column('predicted_failure_type', 'SYMBOL', 'memory, thermal, power or other.'),
    column('estimated_ttf_days', 'DOUBLE', 'Median time to failure, days.'),
    column('ttf_low_days', 'DOUBLE', 'Lower end of its 80 % interval, days.'),
    column('ttf_high_days', 'DOUBLE', 'Upper end of its 80 % interval, days.'),
    column('confidence', 'DOUBLE', '0..1: falls with missing inputs, novelty and disagreement among the models.'),
    column('model_name', 'SYMBOL', 'heuristic when there is no trained model.'),
    column('model_version', 'SYMBOL', 'Version of the model.'),
    column('contributions', 'JSON', 'The five features that moved it furthest: feature, value, contribution.'),
    column('explanation', 'VARCHAR', 'The prediction in a sentence with numbers.'),
  ],
  keys: ['ts', 'gpu_uuid', 'instance'],
  partition: 'DAY',
  ttl_days: 365,
};

export const GPU_ECONOMIC_DECISIONS: TableSpec = {
  name: 'gpu_economic_decisions',
  summary: 'What each GPU is worth kept, sold, repurposed or decommissioned, every 30 minutes; US dollars.',
  columns: [
    TS,
    UUID,
    NODE,
    INSTANCE,
    column('decision', 'SYMBOL', 'keep, sell, repurpose or decommission: the option of highest value.'),
    column('npv_keep', 'DOUBLE', 'Net present value of keeping it, USD.'),
    column('npv_sell', 'DOUBLE', 'Net present value of selling it, USD.'),
    column('npv_repurpose', 'DOUBLE', 'Net present value of cheaper work, USD.'),
    column('salvage_value', 'DOUBLE', 'Value of decommissioning it, USD.'),
    column('expected_value', 'DOUBLE', 'The best of the four, USD.'),
    column('confidence', 'DOUBLE', '0..1, by the distance of the best from the second.'),
    column('rationale', 'VARCHAR', 'One sentence with the numbers.'),
    column('sensitivity', 'JSON', 'Inputs that would flip it: input, value, flips_at, to.'),
    column('advice', 'SYMBOL', 'keep, watch, drain, rma, repurpose, sell or decommission: what to do next.'),
    column('value_at_risk_usd_per_hour', 'DOUBLE', 'Expected loss per hour of waiting, USD.'),
    column('health', 'DOUBLE', 'Health score that it is made of.'),
    column('p30', 'DOUBLE', '30-day failure probability that it is made of.'),
    column('utilisation', 'DOUBLE', 'Utilisation 0..1 that it is made of.'),
    column('profile', 'SYMBOL', 'default or reference.'),
  ],
  keys: ['ts', 'gpu_uuid', 'instance', 'profile'],
  partition: 'MONTH',
  ttl_days: 730,
};

export const GPU_FAILURE_LABELS: TableSpec = {
  name: 'gpu_failure_labels',
  summary: 'Failures that happened, for training and for judging predictions; suggested ones wait for a person.',
  columns: [
    column('ts', 'TIMESTAMP', 'The same as failed_at.'),
    UUID,
    NODE,
    column('failed_at', 'TIMESTAMP', 'When it failed.'),
    column('type', 'SYMBOL', 'memory, thermal, power or other.'),
    column('source', 'SYMBOL', 'Who tells of it: hand, csv, rma, episode, or a word of theirs.'),
    column('note', 'VARCHAR', 'Free text.'),
    column('status', 'SYMBOL', 'confirmed, suggested or rejected; only confirmed ones train.'),
  ],
  keys: ['ts', 'gpu_uuid'],
  partition: 'YEAR',
  ttl_days: null,
};
