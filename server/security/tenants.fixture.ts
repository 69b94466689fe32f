import { alertOf } from '../../pipeline/alert-desk/desk.fixture.ts';
import type { Database } from '../../pipeline/contract/database.ts';
import { GPU_FAILURE_PREDICTIONS } from '../../pipeline/contract/prediction-tables.ts';
import type { TableSpec } from '../../pipeline/contract/table-spec.ts';
import { GPU_ASSETS, TABLES } from '../../pipeline/contract/tables.ts';
import { GPU_HEALTH_SCORES, INCIDENTS } from '../../pipeline/contract/verdict-tables.ts';
import { anomalyOf } from '../../sinks/live/fleet.fixture.ts';
import { apiWorld, assetOf, NOW } from '../api.fixture.ts';
import { NO_PREDICTOR } from '../judges.fixture.ts';
import { rowOf } from '../row-of.fixture.ts';
import type { Gate } from './gate.ts';

/** Two tenants, one node that they share, one GPU of nobody. Every name tells whose it is. */
export const PLACES = [
  { gpu_uuid: 'GPU-red-1', node: 'node-red', tenant: 'red' },
  { gpu_uuid: 'GPU-red-2', node: 'node-shared', tenant: 'red' },
  { gpu_uuid: 'GPU-blue-1', node: 'node-blue', tenant: 'blue' },
  { gpu_uuid: 'GPU-blue-2', node: 'node-shared', tenant: 'blue' },
  { gpu_uuid: 'GPU-none-1', node: 'node-none', tenant: '' },
] as const;

/** What a tenant may never be told. */
export const foreignTo = (tenant: 'red' | 'blue'): RegExp =>
  tenant === 'red' ? /(GPU|node|note|job|alert)-(blue|none)/ : /(GPU|node|note|job|alert)-(red|none)/;

/** More of everything that is not red's, and other than before; on the shared node too. */
const MORE_OF_OTHERS = ['blue-1', 'blue-2', 'blue-3', 'blue-4', 'none-1', 'none-2', 'green-1'].map((name) => ({
  gpu_uuid: `GPU-${name}`,
  node: name === 'blue-2' || name === 'blue-4' ? 'node-shared' : `node-${name.split('-')[0]}`,
  tenant: name.startsWith('none') ? '' : (name.split('-')[0] ?? ''),
}));

/**
 * Rows of every table by GPU, and a database that understands just so much SQL as a tenant's statements need. `others`: what is
 * not red's is as in `PLACES`, or more and other than that.
 */
export function tenantsWorld(gate: Gate, others: 'some' | 'more' = 'some') {
  const more = others === 'more';
  const places = more ? [...PLACES.filter(({ tenant }) => tenant === 'red'), ...MORE_OF_OTHERS] : PLACES;
  const rows = new Map<string, Record<string, unknown>[]>();
  for (const spec of TABLES) {
    if (!spec.columns.some(({ name }) => name === 'gpu_uuid')) continue;
    rows.set(
      spec.name,
      places.flatMap(({ gpu_uuid, node, tenant }) => [
        rowOf(spec, {
          ts: NOW - 1_000,
          gpu_uuid,
          node,
          id: `${spec.name}-${gpu_uuid}`,
          ...(spec === GPU_ASSETS ? assetOf(gpu_uuid, { node, tenant, note: `note-${tenant || 'none'}` }) : {}),
        }),
      ]),
    );
  }
  rows.set(INCIDENTS.name, [
    rowOf(INCIDENTS, {
      ...{ ts: NOW - 1_000, id: 'both', gpu_uuid: '', node: 'node-shared', scope: 'node', origin: 'node-shared' },
      ...{ gpus: '["GPU-red-2","GPU-blue-2"]', nodes: '["node-shared"]', state: 'open' },
      ...{ evidence: '["GPU-red-2 and GPU-blue-2 fell together"]', summary: 'GPU-red-2 and GPU-blue-2' },
    }),
    rowOf(INCIDENTS, {
      id: 'blue',
      gpu_uuid: 'GPU-blue-1',
      node: 'node-blue',
      gpus: '["GPU-blue-1"]',
      nodes: '["node-blue"]',
    }),
    ...(more
      ? [rowOf(INCIDENTS, { id: 'blue too', gpu_uuid: 'GPU-blue-3', gpus: '["GPU-blue-3"]', nodes: '[]' })]
      : []),
    rowOf(INCIDENTS, {
      id: 'red',
      gpu_uuid: 'GPU-red-1',
      node: 'node-red',
      gpus: '["GPU-red-1"]',
      nodes: '["node-red"]',
    }),
  ]);
  const database: Database = {
    async query<Row extends Record<string, unknown>>(sql: string, parameters: readonly unknown[] = []) {
      if (sql.includes('tables()')) return [{ table_name: parameters[0] }] as unknown as Row[];
      const table = /FROM "?([a-z_0-9]+)"?/.exec(sql)?.[1] ?? '';
      let found = [...(rows.get(table) ?? [])];
      const scope = /FROM \(SELECT \* FROM "?[a-z_0-9]+"? WHERE (.*?)\)(?: |$|\))/.exec(sql)?.[1];
      const bound = (place: string): unknown => parameters[Number(place.slice(1)) - 1];
      const places = scope === undefined ? null : (/gpu_uuid IN \(([^)]*)/.exec(scope)?.[1] ?? null);
      if (places !== null) {
        const mine = places.split(', ').map(bound);
        found = found.filter((row) => mine.includes(row.gpu_uuid));
      } else if (scope?.includes('gpus ~')) {
        const any = new RegExp(String(bound(/gpus ~ (\$\d+)/.exec(scope)?.[1] ?? '')));
        found = found.filter((row) => any.test(String(row.gpus)));
      } else if (scope !== undefined) found = [];
      if (/^SELECT max\(ts\) AS last FROM/.test(sql)) return [{ last: NOW }] as unknown as Row[];
      if (/^SELECT min\(ts\)/.test(sql)) return [{ first: NOW - 1_000, last: NOW }] as unknown as Row[];
      for (const [, column = '', place = ''] of sql.matchAll(/"?\b(gpu_uuid|id)"? = (\$\d+)/g)) {
        found = found.filter((row) => row[column] === bound(place));
      }
      if (sql.includes('count()')) return [{ total: found.length }] as unknown as Row[];
      return found.map((row) => ({ ...row })) as unknown as Row[];
    },
    close: async () => undefined,
  };
  /** From the table, whoever asks. */
  const stored = (spec: TableSpec) => async (gpu_uuid: string) => {
    const row = rows.get(spec.name)?.findLast((one) => one.gpu_uuid === gpu_uuid);
    return (row === undefined ? null : { ...row, contributions: [], degradation_factors: [] }) as never;
  };
  const world = apiWorld({
    ...{ gate, database },
    scorer: {
      stored: ({ gpu_uuid }) => stored(GPU_HEALTH_SCORES)(gpu_uuid),
      samples: async () => ({ score: null, refused: [] }),
    },
    predictor: { ...NO_PREDICTOR, stored: stored(GPU_FAILURE_PREDICTIONS) },
  });
  for (const { gpu_uuid, node, tenant } of places) {
    const hot = more && tenant !== 'red' ? 20 : 0;
    world.sample(gpu_uuid, { gpu_temp_celsius: 40 + hot, power_watts: 300 + hot }, { node });
    world.view.applyAnomaly(anomalyOf({ gpu_uuid, node, id: `anomaly-${gpu_uuid}` }));
    world.alerts.take(
      alertOf({ id: idOf(gpu_uuid), gpu_uuid, node, opened_at: NOW - 1_000, job: `job-${node.slice(5)}` }),
    );
  }
  for (const node of ['node-red', 'node-blue', 'node-shared']) {
    world.view.applyAnomaly(anomalyOf({ gpu_uuid: '', node, id: `silent-${node}`, type: 'node_silent' }));
  }
  return { ...world, rows, database };
}

export const idOf = (gpu_uuid: string): string => gpu_uuid.replaceAll('-', '').slice(0, 16);
