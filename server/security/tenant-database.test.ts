import { describe, expect, it } from 'vitest';
import { ROLLUPS, TABLES } from '../../pipeline/contract/tables.ts';
import { type scopedStatement as Statement, scopedStatement } from './tenant-database.ts';

const scope = {
  tenant: 'red',
  uuids: () => ['GPU-1', "GPU-'2"],
  sees: (uuid: string) => ["GPU-'2", 'GPU-1'].includes(uuid),
  wholeNodes: () => new Set(['n1']),
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
