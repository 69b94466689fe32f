import type { Database } from '../../pipeline/contract/database.ts';
import type { FeatureVector } from '../../pipeline/contract/events.ts';
import { FEATURE_COUNT, findFeature } from '../../pipeline/contract/features.ts';
import { METRIC_COUNT } from '../../pipeline/contract/metrics.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';
import { quoted } from './select-rows.ts';

export interface VectorSpan {
  /** From this instant up to, not including, that one; epoch ms. */
  readonly from: number;
  readonly to: number;
  /** The newest vector of each GPU in every so long. */
  readonly every: DurationMs;
  /** What is read of a vector; everything else is unknown. */
  readonly features: readonly string[];
  /** Of these GPUs alone; all where it is left out. */
  readonly only?: ReadonlySet<string>;
}

/** More GPUs than these are not named in a statement: then all are read, and those that were not asked for left out. */
const NAMED_MAX = 500;

/** First and last instant of stored vectors; null when there are none. Throws GV-API-003 when the database is away. */
export async function vectorRange(database: Database): Promise<{ readonly from: number; readonly to: number } | null> {
  const rows = await database.query<{ first: number | null; last: number | null }>(
    'SELECT min(ts) AS first, max(ts) AS last FROM gpu_features',
  );
  const { first, last } = rows[0] ?? {};
  return typeof first === 'number' && typeof last === 'number' ? { from: first, to: last } : null;
}

/**
 * Stored vectors of a span, one array per `every` that has any, in the order of time, so that no vector is told before an
 * older one of its GPU. One statement each; nothing is kept. Throws GV-API-003 when the database is away.
 */
export async function* readVectors(database: Database, span: VectorSpan): AsyncGenerator<FeatureVector[]> {
  const columns = ['ts', 'gpu_uuid', 'node', 'instance', ...span.features];
  const places = span.features.map(findFeature);
  const { only } = span;
  const named = only !== undefined && only.size <= NAMED_MAX ? [...only] : [];
  const among = named.length === 0 ? '' : ` AND gpu_uuid IN (${named.map((_, i) => `$${i + 3}`).join(', ')})`;
  for (let from = span.from; from < span.to; from += span.every) {
    const rows = await database.query(
      `SELECT ${columns.map(quoted).join(', ')} FROM gpu_features WHERE ts >= $1 AND ts < $2${among} LATEST ON ts PARTITION BY gpu_uuid, instance`,
      [new Date(from), new Date(Math.min(span.to, from + span.every)), ...named],
    );
    const asked = only === undefined ? rows : rows.filter((row) => only.has(String(row.gpu_uuid ?? '')));
    if (asked.length === 0) continue;
    const vectors = asked.map((row) => {
      const values = new Float64Array(FEATURE_COUNT).fill(Number.NaN);
      for (const [k, name] of span.features.entries()) {
        if (typeof row[name] === 'number') values[places[k] as number] = row[name];
      }
      return vectorOf(row, values);
    });
    yield vectors.sort((a, b) => a.ts - b.ts || (a.gpu_uuid < b.gpu_uuid ? -1 : 1));
  }
}

const vectorOf = (row: Readonly<Record<string, unknown>>, values: Float64Array): FeatureVector => ({
  ts: row.ts as number,
  gpu_uuid: String(row.gpu_uuid ?? ''),
  node: String(row.node ?? ''),
  instance: String(row.instance ?? ''),
  model: '',
  job: '',
  values,
  latest: new Float64Array(METRIC_COUNT).fill(Number.NaN),
  latest_ts: row.ts as number,
  arrived_at: row.ts as number,
  final: false,
});
