import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import { GroupState } from '../core/group-state.ts';
import { batchOf, type SampleRow, START_MS } from '../core/laws.fixture.ts';
import { runOperator } from '../core/lift.ts';
import { ZSCORE_DEFAULTS, zscore } from './zscore.ts';

const FOLDER = join(import.meta.dirname, '../../../shared/data/telemetry');

/** Columns of the captures, and what a reading is worth in ours. */
const COLUMNS: Readonly<Record<string, readonly [metric: string, scale: number]>> = {
  power_w: ['power_watts', 1],
  temp_c: ['gpu_temp_celsius', 1],
  mem_used_mib: ['fb_used_bytes', 2 ** 20],
  gpu_util_pct: ['gpu_util_ratio', 0.01],
  sm_active: ['sm_active_ratio', 1],
  tensor_active: ['tensor_active_ratio', 1],
  dram_active: ['dram_active_ratio', 1],
  throttle_reasons: ['throttle_reasons', 1],
};

function readCapture(file: string): SampleRow[] {
  const [head = '', ...lines] = gunzipSync(readFileSync(join(FOLDER, file)))
    .toString()
    .trim()
    .split('\n');
  const names = head.split(',');
  const gpu = names.indexOf('gpu');
  const first = Number(lines[0]?.split(',')[0]);
  return lines.map((line) => {
    const cells = line.split(',');
    const values: Record<string, number> = {};
    names.forEach((name, i) => {
      const column = COLUMNS[name];
      if (column !== undefined) values[column[0]] = Number(cells[i]) * column[1];
    });
    return {
      ts: START_MS + Math.round((Number(cells[0]) - first) * 1_000),
      node: 'dgx',
      uuid: `GPU-${cells[gpu]}`,
      values,
    };
  });
}

/** The capture some times over, each time as if the job began anew. */
function* repeated(rows: readonly SampleRow[], times: number): Generator<SampleRow[]> {
  const span = (rows.at(-1)?.ts ?? 0) - START_MS + 1_000;
  for (let turn = 0; turn < times; turn++) yield rows.map((row) => ({ ...row, ts: row.ts + turn * span }));
}

describe('zscore over captures of eight H100 at 10 Hz', () => {
  it.skipIf(!existsSync(FOLDER)).each(['h100x8_b1.csv.gz', 'h100x8_e2.csv.gz', 'h100x8_t3.csv.gz'])(
    'tells nothing of %s, five times in a row (skipped where the captures are not there)',
    (file) => {
      const state = new GroupState(0);
      const told: Anomaly[] = [];
      for (const rows of repeated(readCapture(file), 5)) {
        runOperator('zscore', zscore(ZSCORE_DEFAULTS), state, batchOf(state, rows), (_, item) => told.push(item));
      }
      expect(told.map(({ explanation }) => explanation)).toEqual([]);
    },
  );
});
