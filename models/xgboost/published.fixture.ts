import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const SHARED = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

/** Published data beside the project, which may be absent: tests that need it skip. */
export const published = (name: string): string => `${SHARED}${name}`;
export const isPublished = existsSync(published('xgboost')) && existsSync(published('shap'));

/** Rows of a packed libsvm file of 127 features, absent = missing. */
export function libsvmRows(name: string, features: number): { readonly rows: Float32Array; readonly count: number } {
  const lines = gunzipSync(readFileSync(published(name)))
    .toString()
    .trim()
    .split('\n');
  const rows = new Float32Array(lines.length * features).fill(Number.NaN);
  lines.forEach((line, r) => {
    for (const cell of line.split(' ').slice(1)) {
      const [index, value] = cell.split(':');
      rows[r * features + Number(index)] = Number(value);
    }
  });
  return { rows, count: lines.length };
}

export interface Expected {
  readonly rows: readonly (readonly (number | null)[])[];
  readonly margins: readonly (readonly number[])[];
  readonly predictions: readonly (readonly number[])[];
  /** Row, group, feature, bias last. */
  readonly contributions: readonly (readonly (readonly number[])[])[];
}

/** What XGBoost said of a model in fixtures/; see make-fixtures.py and make-old-fixtures.py there. */
export const expectedOf = (name: string): Expected =>
  JSON.parse(readFileSync(new URL(`fixtures/${name}.expected.generated.json`, import.meta.url), 'utf8')) as Expected;

export const fixtureBytes = (file: string): Uint8Array => readFileSync(new URL(`fixtures/${file}`, import.meta.url));

export const flatRows = (rows: Expected['rows']): Float32Array =>
  Float32Array.from(rows.flat(), (value) => value ?? Number.NaN);

/** Every model in fixtures/. */
export const FIXTURES = [
  'binary',
  'unnamed',
  'hinge',
  'softprob',
  'softmax',
  'regression',
  'poisson',
  'aft',
  'cox',
  'rank',
  'dart',
  'forest',
  'targets',
  'deep',
  'categorical',
  'raw17',
] as const;
