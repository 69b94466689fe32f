import { expect } from 'vitest';

/** Rows of a run as text, by table. */
type Rows = Readonly<Record<string, readonly string[]>>;

/** What an hour of a fleet with faults leaves behind. Two tables of which both are empty are equal, and prove nothing. */
const KINDS = [
  ...['gpu_metrics', 'gpu_assets', 'gpu_features', 'gpu_health_scores', 'fleet_quantiles', 'feature_definitions'],
  ...['gpu_failure_predictions', 'gpu_economic_decisions', 'xid_episodes', 'alerts', 'alerts_told', 'dead_letters'],
  // Of a board, of a node's boards, of a job, of a node: found in its group, and over the fleet.
  ...['anomalies gpu_lost', 'anomalies peer_deviation', 'anomalies straggler', 'anomalies node_silent'],
  ...['incidents nvlink_domain', 'incidents node'],
];

/** How many rows of which kind: by table, anomalies by their type and incidents by their scope besides. */
export function countKinds(rows: Rows): Record<string, number> {
  const counts: Record<string, number> = {};
  const count = (kind: string): void => {
    counts[kind] = (counts[kind] ?? 0) + 1;
  };
  for (const [table, texts] of Object.entries(rows)) {
    for (const text of texts) {
      count(table);
      if (table !== 'anomalies' && table !== 'incidents') continue;
      count(`${table} ${/"(?:type|scope)":"([^"]*)"/.exec(text)?.[1]}`);
    }
  }
  return counts;
}

/** Expects the same rows of two runs, and that there were some of every kind. `COUNT_ROWS=1` prints how many. */
export function expectSameRows(whole: Rows, other: Rows): void {
  expect(tableDifferences(whole, other)).toEqual(
    Object.entries(whole).map(([table, rows]) => ({ table, rows: rows.length, missing: [], extra: [] })),
  );
  const counts = countKinds(whole);
  if (process.env.COUNT_ROWS !== undefined) console.info(counts);
  expect(KINDS.filter((kind) => counts[kind] === undefined)).toEqual([]);
}

/** By table, what one has and the other has not; the first few rows of it. */
export const tableDifferences = (
  whole: Rows,
  other: Rows,
): readonly { table: string; rows: number; missing: string[]; extra: string[] }[] =>
  Object.entries(whole).map(([table, rows]) => {
    const [missing, extra] = [new Set(rows), new Set(other[table])];
    for (const row of other[table] ?? []) missing.delete(row);
    for (const row of rows) extra.delete(row);
    return {
      table,
      rows: other[table]?.length ?? 0,
      missing: [...missing].slice(0, 3),
      extra: [...extra].slice(0, 3),
    };
  });
