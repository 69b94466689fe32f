import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Asset, FeatureVector } from '../../pipeline/contract/events.ts';
import { fnv1a } from '../../pipeline/contract/ids.ts';
import type { GpuIdentity } from '../../pipeline/contract/registry.ts';
import { days, hours, minutes } from '../../pipeline/contract/time.ts';
import { GroupState } from '../core/group-state.ts';
import { batchOf, type SampleRow } from '../core/laws.fixture.ts';
import { runOperator } from '../core/lift.ts';
import { featureRow } from './feature-row.ts';
import { features } from './features.ts';

const GOLDEN = join(import.meta.dirname, '../../../shared/data/golden');
const present = existsSync(join(GOLDEN, 'expected.json'));

interface GoldenCase {
  readonly file: string;
  readonly story: string;
  readonly asset: Readonly<Record<string, number | string>>;
  readonly features: Readonly<Record<string, number>>;
}

const cases: readonly GoldenCase[] = present
  ? JSON.parse(readFileSync(join(GOLDEN, 'expected.json'), 'utf8')).cases
  : [];

/** A node that is told exactly at `ts`. */
const nodeDueAt = (ts: number): string => {
  for (let i = 0; ; i++) if ((ts / 1_000 - (fnv1a(`node-${i}`) % 300)) % 300 === 0) return `node-${i}`;
};

function lastVector({ file, asset }: GoldenCase): FeatureVector | undefined {
  const [head = '', ...lines] = gunzipSync(readFileSync(join(GOLDEN, file)))
    .toString()
    .trim()
    .split(/\r?\n/);
  const names = head.split(',');
  const rows = lines.map((line): SampleRow => {
    const cells = line
      .split(',')
      .map((cell, i) => [names[i] as string, cell === '' ? Number.NaN : Number(cell)] as const);
    const { ts_ms, ...values } = Object.fromEntries(cells);
    return { ts: ts_ms as number, node: '', uuid: 'GPU-a', values };
  });
  const end = rows.at(-1)?.ts as number;
  const node = nodeDueAt(end);
  const after = { ts: end + 60_000, uuid: 'GPU-a', values: {} };
  const state = new GroupState(0);
  const batch = batchOf(
    state,
    [...rows, after].map((row) => ({ ...row, node })),
  );
  state.registry.gpu({ ...(state.registry.gpus[0] as GpuIdentity), model: asset.model as string }, 0);
  const operator = features({
    lateness_max: minutes(5),
    every: minutes(5),
    history: { age_min: days(3_650), every: hours(1) },
    assets: {
      edition: () => 1,
      get: () => ({
        edition: 1,
        asset: {
          model: asset.model as string,
          deployed_at: asset.deployment_date_ms as number,
          warranty_until: asset.warranty_expiry_ms as number,
          operating_hours: asset.operating_hours_at_registration as number,
          registered_at: asset.registered_at_ms as number,
        } as Asset,
      }),
    },
  });
  let last: FeatureVector | undefined;
  runOperator('features', operator, state, batch, (port, item) => {
    if (port === 'vectors') last = item as FeatureVector;
  });
  expect(last?.ts).toBe(end);
  return last;
}

describe.skipIf(!present)('features of the golden cases (skipped where ../shared/data is absent)', () => {
  it.each(cases)('$story ($file) to 1e-6', (golden) => {
    const vector = lastVector(golden) as FeatureVector;
    const row = featureRow(vector);
    expect(Object.keys(golden.features)).toHaveLength(27);
    for (const [name, expected] of Object.entries(golden.features)) {
      const got = row[name] as number;
      expect(Math.abs(got - expected), `${name}: ${got} for ${expected}`).toBeLessThanOrEqual(
        1e-6 * Math.abs(expected),
      );
    }
  });
});
