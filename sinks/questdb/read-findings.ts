import type { Database } from '../../pipeline/contract/database.ts';
import type { Anomaly, Episode, HealthScore, Incident } from '../../pipeline/contract/events.ts';
import { GPU_FAILURE_PREDICTIONS } from '../../pipeline/contract/prediction-tables.ts';
import type { Prediction } from '../../pipeline/contract/predictions.ts';
import type { TableSpec } from '../../pipeline/contract/table-spec.ts';
import { ANOMALIES } from '../../pipeline/contract/tables.ts';
import { GPU_HEALTH_SCORES, INCIDENTS, XID_EPISODES } from '../../pipeline/contract/verdict-tables.ts';
import { type Conditions, columnList, conditions, fillTexts, quoted } from './select-rows.ts';

/** What a number of a row must be: the column is one of its table. */
export interface Threshold {
  readonly column: string;
  readonly above?: number | undefined;
  readonly below?: number | undefined;
}

export interface FindingsWithin {
  readonly anomalies: readonly Anomaly[];
  readonly episodes: readonly Episode[];
  readonly incidents: readonly Incident[];
  readonly scores: readonly HealthScore[];
  readonly predictions: readonly Prediction[];
  /** Tables of which there is more than was read; the newest rows were. */
  readonly cut: readonly string[];
}

export interface FindingsAsked {
  readonly from: number;
  readonly to: number;
  /** At most so many rows a table. */
  readonly rows_max: number;
  /** Ways in which a row can be worth reading, each all of its thresholds; none: no row is. */
  readonly scores: readonly (readonly Threshold[])[];
  readonly predictions: readonly (readonly Threshold[])[];
}

/**
 * What alert rules look at in a time: conditions that reach into it, and the scores and predictions in it of GPUs of which
 * at least one row is worth reading (a fleet writes millions that are not, and those of other GPUs change nothing). Throws
 * GV-API-003 when the database is away.
 */
export async function findingsWithin(database: Database, span: FindingsAsked): Promise<FindingsWithin> {
  const cut: string[] = [];
  async function read<Row>(spec: TableSpec, asked: Conditions): Promise<Row[]> {
    const limit = asked.bind(span.rows_max + 1);
    const rows = await database.query(
      `SELECT ${columnList(spec)} FROM ${quoted(spec.name)}${asked.where()} ORDER BY ts DESC LIMIT ${limit}`,
      asked.parameters,
    );
    fillTexts(spec, rows);
    if (rows.length > span.rows_max) cut.push(spec.name);
    return rows.slice(0, span.rows_max) as unknown as Row[];
  }
  const condition = (end: string): Conditions => {
    const asked = conditions();
    asked.add('ts', '<', new Date(span.to));
    asked.addText(`(${end} IS NULL OR ${end} >= ${asked.bind(new Date(span.from))})`);
    return asked;
  };
  const sampled = async <Row>(spec: TableSpec, worth: FindingsAsked['scores']): Promise<Row[]> => {
    if (worth.length === 0) return [];
    const within = conditions();
    within.add('ts', '>=', new Date(span.from));
    within.add('ts', '<', new Date(span.to));
    const ways = worth.map((thresholds) => textOf(thresholds, within));
    within.addText(`(${ways.join(' OR ')})`);
    const found = await database.query<{ gpu_uuid: string | null }>(
      `SELECT DISTINCT gpu_uuid FROM ${quoted(spec.name)}${within.where()}`,
      within.parameters,
    );
    const uuids = found.flatMap(({ gpu_uuid }) => (gpu_uuid === null ? [] : [gpu_uuid]));
    if (uuids.length === 0) return [];
    const asked = conditions();
    asked.add('ts', '>=', new Date(span.from));
    asked.add('ts', '<', new Date(span.to));
    if (uuids.length <= NAMED_MAX) asked.addText(`gpu_uuid IN (${uuids.map((uuid) => asked.bind(uuid)).join(', ')})`);
    return read<Row>(spec, asked);
  };
  const anomalies = await read<Anomaly>(ANOMALIES, condition('closed_at'));
  const episodes = await read<Episode>(XID_EPISODES, condition('ended_at'));
  const incidents = await read<Incident>(INCIDENTS, condition('closed_at'));
  const scores = await sampled<HealthScore>(GPU_HEALTH_SCORES, span.scores);
  const predictions = await sampled<Prediction>(GPU_FAILURE_PREDICTIONS, span.predictions);
  return { anomalies, episodes, incidents, scores, predictions, cut };
}

/** More GPUs than these are not named in a statement: then all are read. */
const NAMED_MAX = 500;

function textOf(thresholds: readonly Threshold[], asked: Conditions): string {
  const parts = thresholds.flatMap(({ column, above, below }) => [
    ...(above === undefined ? [] : [`${quoted(column)} > ${asked.bind(above)}`]),
    ...(below === undefined ? [] : [`${quoted(column)} < ${asked.bind(below)}`]),
  ]);
  return parts.length === 0 ? 'ts IS NOT NULL' : `(${parts.join(' AND ')})`;
}
