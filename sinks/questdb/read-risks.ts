import type { Database } from '../../pipeline/contract/database.ts';
import { GPU_ECONOMIC_DECISIONS, GPU_FAILURE_PREDICTIONS } from '../../pipeline/contract/prediction-tables.ts';
import type { Decision, Prediction } from '../../pipeline/contract/predictions.ts';
import type { TableSpec } from '../../pipeline/contract/table-spec.ts';
import { columnList, fillTexts, quoted } from './select-rows.ts';

const PREDICTED = [
  'ts',
  'gpu_uuid',
  'node',
  'instance',
  'failure_prob_7d',
  'failure_prob_30d',
  'failure_prob_90d',
  'predicted_failure_type',
  'estimated_ttf_days',
  'confidence',
  'model_name',
  'model_version',
  'explanation',
] as const;
const DECIDED = [
  'ts',
  'gpu_uuid',
  'node',
  'decision',
  'advice',
  'npv_keep',
  'expected_value',
  'value_at_risk_usd_per_hour',
  'rationale',
] as const;

export type RiskPrediction = Pick<Prediction, (typeof PREDICTED)[number]>;
export type RiskDecision = Pick<Decision, (typeof DECIDED)[number]>;

/**
 * The newest prediction of each board and MIG instance that has one since an instant, in no order. Throws GV-API-003 when the
 * database is away. Cost: as lastPredictions.
 */
export const currentPredictions = async (database: Database, since: number): Promise<RiskPrediction[]> =>
  (await newest(database, GPU_FAILURE_PREDICTIONS, PREDICTED, since)) as unknown as RiskPrediction[];

/** The newest decision of each board that has one since an instant, by whichever profile, in no order. */
export async function currentDecisions(database: Database, since: number): Promise<RiskDecision[]> {
  return (await newest(database, GPU_ECONOMIC_DECISIONS, DECIDED, since)) as unknown as RiskDecision[];
}

async function newest(
  database: Database,
  table: TableSpec,
  names: readonly string[],
  since: number,
): Promise<Record<string, unknown>[]> {
  const spec = { ...table, columns: table.columns.filter(({ name }) => names.includes(name)) };
  const rows = await database.query(
    `SELECT ${columnList(spec)} FROM ${quoted(spec.name)} WHERE ts >= $1 LATEST ON ts PARTITION BY gpu_uuid, instance`,
    [new Date(since)],
  );
  fillTexts(spec, rows);
  return rows;
}
