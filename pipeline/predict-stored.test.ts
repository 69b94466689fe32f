import { expect, it } from 'vitest';
import { heuristic } from '../operators/prediction/heuristic.ts';
import type { TableRow } from '../sinks/questdb/list-rows.ts';
import type { Database } from './contract/database.ts';
import type { FailureModel } from './contract/failure-model.ts';
import { predictStored } from './predict-stored.ts';

const TS = Date.UTC(2026, 0, 1);
const row = (fields: Record<string, unknown>): TableRow => ({ ts: TS, gpu_uuid: 'GPU-1', instance: '', ...fields });
const VECTOR = row({ node: 'n1', gpu_temp_max: 90 });
const toldBy = ({ name, version }: FailureModel, ts = TS): TableRow =>
  row({ ts, model_name: name, model_version: version, failure_prob_30d: 0.123 });
const OTHER: FailureModel = { ...heuristic, version: 'another' };

/** A database that has these rows of these tables, and counts what it is asked. */
function stored(tables: Readonly<Record<string, readonly TableRow[]>>): { database: Database; asked: () => number } {
  let asked = 0;
  const query = async (sql: string): Promise<never[]> => {
    asked++;
    const name = Object.keys(tables).find((table) => sql.includes(table)) ?? '';
    return [...(tables[name] ?? [])] as never[];
  };
  return { database: { query, close: async () => undefined }, asked: () => asked };
}

it('is what the engine told, without a look at the database, while its model is the one that counts', async () => {
  const { database, asked } = stored({});
  const told = toldBy(heuristic);
  expect(await predictStored(database, heuristic, 'GPU-1', [told])).toBe(told);
  expect(asked()).toBe(0);
});

it('is judged anew from the stored vector when another model has told it', async () => {
  const { database } = stored({ gpu_features: [VECTOR], gpu_failure_predictions: [toldBy(OTHER)] });
  const prediction = await predictStored(database, heuristic, 'GPU-1', [toldBy(OTHER)]);
  expect(prediction).toMatchObject({ ts: TS, gpu_uuid: 'GPU-1', node: 'n1', model_version: heuristic.version });
  expect(prediction?.failure_prob_30d).not.toBe(0.123);
  expect(prediction?.explanation).toContain('90');
});

it('is what was stored when nothing is at hand, as long as it tells of the newest vector', async () => {
  const tables = { gpu_features: [VECTOR], gpu_failure_predictions: [toldBy(heuristic)] };
  expect(await predictStored(stored(tables).database, heuristic, 'GPU-1', [])).toMatchObject({
    failure_prob_30d: 0.123,
  });
  const older = { ...tables, gpu_failure_predictions: [toldBy(heuristic, TS - 1)] };
  const again = await predictStored(stored(older).database, heuristic, 'GPU-1', []);
  expect(again).toMatchObject({ ts: TS });
  expect(again?.failure_prob_30d).not.toBe(0.123);
});

it('is none without a vector', async () => {
  expect(await predictStored(stored({}).database, heuristic, 'GPU-1', [])).toBeNull();
});
