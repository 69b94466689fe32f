import { describe, expect, it } from 'vitest';
import { ROLLUPS, TABLES } from '../../pipeline/contract/tables.ts';
import { type scopedStatement as Statement, scopedStatement, tenantDatabase } from './tenant-database.ts';

const MOVED = 'GPU-moved';
const SINCE = 1_767_225_600_000;
const scope = {
  tenant: 'red',
  uuids: () => ['GPU-1', "GPU-'2"],
  sees: (uuid: string) => ["GPU-'2", 'GPU-1'].includes(uuid),
  since: (uuid: string) => (uuid === MOVED ? SINCE : Number.NEGATIVE_INFINITY),
  had: (uuid: string, at: number) => uuid !== 'GPU-else' && (uuid !== MOVED || at >= SINCE),
  wholeNodes: () => new Set(['n1']),
  nodesOf: (uuid: string) => (uuid === 'GPU-1' ? ['shared'] : []),
  nodeSince: () => Number.NEGATIVE_INFINITY,
  concerns: ({ node }: { readonly node: string }) => node === 'n1',
  revision: 1,
};
const scoped = (sql: string): ReturnType<typeof Statement> => scopedStatement(sql, scope);

describe('a statement for a tenant', () => {
  it('reads its rows of every table, with its GPUs bound before what was bound', () => {
    expect(scoped('SELECT a FROM "gpu_features" WHERE ts >= $1 LATEST ON ts PARTITION BY gpu_uuid LIMIT $2')).toEqual({
      sql: 'SELECT a FROM (SELECT * FROM "gpu_features" WHERE (gpu_uuid IN ($1, $2))) WHERE ts >= $3 LATEST ON ts PARTITION BY gpu_uuid LIMIT $4',
      parameters: ['GPU-1', "GPU-'2"],
      incidents: false,
    });
    const union = scoped('SELECT a FROM gpu_metrics_1m WHERE x = $1 UNION ALL SELECT a FROM gpu_metrics WHERE y = $2');
    expect(union.sql).toBe(
      'SELECT a FROM (SELECT * FROM gpu_metrics_1m WHERE (gpu_uuid IN ($1, $2))) WHERE x = $3 UNION ALL SELECT a FROM (SELECT * FROM gpu_metrics WHERE (gpu_uuid IN ($1, $2))) WHERE y = $4',
    );
  });

  it('reads of what another tenant had only what came since', () => {
    const moved = { ...scope, uuids: () => ['GPU-1', MOVED, 'GPU-2'], nodeSince: () => SINCE };
    expect(scopedStatement('SELECT a FROM gpu_features', moved)).toMatchObject({
      sql: 'SELECT a FROM (SELECT * FROM gpu_features WHERE (gpu_uuid IN ($1, $2) OR (gpu_uuid IN ($3) AND ts >= $4)))',
      parameters: ['GPU-1', 'GPU-2', MOVED, new Date(SINCE)],
    });
    expect(scopedStatement('SELECT a FROM incidents', moved)).toMatchObject({
      sql: 'SELECT a FROM (SELECT * FROM incidents WHERE gpus ~ $1 OR (gpus ~ $2 AND ts >= $3))',
      parameters: ['"(GPU-1|GPU-2)"', `"(${MOVED})"`, new Date(SINCE)],
    });
    expect(scopedStatement('SELECT a FROM anomalies', moved).sql).toContain(
      'OR (gpu_uuid IS NULL AND ((node IN ($5) AND ts >= $6)))',
    );
    // What the asset is now is not history.
    expect(scopedStatement('SELECT a FROM gpu_assets', moved).sql).toContain('(gpu_uuid IN ($1, $2, $3))');
  });

  it('reads no alert that was told as of another tenant', () => {
    const { sql, parameters } = scoped('SELECT a FROM alerts');
    expect(sql).toContain("AND source <> 'incidents' AND (tenant IS NULL OR tenant = '' OR tenant = $4)");
    expect(parameters.at(-1)).toBe('red');
  });

  it('shows of an incident that was open before it had a GPU nothing of that GPU', async () => {
    const row = { id: 'i', gpu_uuid: '', node: '', gpus: `["GPU-1","${MOVED}"]`, nodes: '[]', summary: MOVED };
    const database = { query: async () => [{ ...row, ts: SINCE - 1 }], close: async () => undefined } as never;
    const [shown] = await tenantDatabase(database, scope).query('SELECT a FROM incidents');
    expect(JSON.stringify(shown)).not.toContain(MOVED);
  });

  it.each([
    [['elsewhere'], true],
    [['n1', 'shared'], true],
    [['shared', 'others'], false],
    [['n1', 'others'], false],
  ])('shows an incident of its GPUs on the nodes %j in whole: %s', async (nodes, whole) => {
    const row = { ts: SINCE, gpu_uuid: '', node: '', gpus: '["GPU-1"]', nodes: JSON.stringify(nodes), summary: 'said' };
    const database = { query: async () => [row], close: async () => undefined } as never;
    const [shown] = await tenantDatabase(database, scope).query('SELECT a FROM incidents');
    expect(shown?.summary === 'said').toBe(whole);
    expect(JSON.stringify(shown).includes('others"')).toBe(false);
  });

  it('reads none where the tenant has none', () => {
    const none = { ...scope, uuids: () => [], wholeNodes: () => new Set<string>() };
    expect(scopedStatement('SELECT a FROM anomalies', none)).toEqual({
      sql: 'SELECT a FROM (SELECT * FROM anomalies WHERE (1 = 2))',
      parameters: [],
      incidents: false,
    });
  });

  it.each([
    'INSERT INTO gpu_failure_labels VALUES ($1)',
    'UPDATE anomalies SET state = $1',
    'DROP TABLE anomalies',
    'SELECT a FROM fleet_quantiles',
    'SELECT a FROM unknown_table',
    'SELECT a FROM anomalies, gpu_features',
    'SELECT a FROM anomalies JOIN fleet_quantiles ON id',
    'SELECT a FROM "anomalies" x, "alerts" y',
    "SELECT a FROM table_columns('anomalies')",
    'WITH x AS (SELECT * FROM anomalies) SELECT * FROM x',
    'SELECT a FROM `anomalies`',
    'SELECT a FROM /* */ anomalies',
    'SELECT a FROM Anomalies',
    'SELECT a FROM anomalies AS x , alerts',
    "SELECT a FROM 'anomalies'",
  ])('is refused when it is not plain what it reads: %s', (sql) => {
    expect(() => scoped(sql)).toThrowError(expect.objectContaining({ code: 'GV-SEC-004' }));
  });

  it('knows of every table whether it has rows of a GPU', () => {
    const readable = [...TABLES, ...ROLLUPS].flatMap(({ name }) => {
      try {
        const { sql, parameters } = scoped(`SELECT a FROM ${name}`);
        return [[name, parameters.length > 0, sql.includes('SELECT *')]];
      } catch {
        return [[name, 'refused']];
      }
    });
    expect(readable.filter(([, how]) => how !== true)).toEqual([
      ['feature_definitions', false, false],
      ['fleet_quantiles', 'refused'],
    ]);
  });
});
