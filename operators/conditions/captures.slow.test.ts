import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../pipeline/contract/batch.ts';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import { decode } from '../../pipeline/decode.ts';
import { readInput } from '../../pipeline/replay/read-input.ts';
import { GroupStates } from '../core/group-state.ts';
import { runOperator } from '../core/lift.ts';
import { conditions } from './conditions.ts';

const FOLDER = '../shared/data';
const absent = !existsSync(FOLDER);

const ROUND_MS = 10_000;

/** What is told of a capture; `rounds` shows it again and again, ten seconds later each time, as an idle fleet would be seen. */
async function judge(path: string, rounds = 1): Promise<{ rows: number; items: Anomaly[] }> {
  const states = new GroupStates();
  const decoder = decode({ future_max: null }).start(states);
  const operator = conditions({});
  const batches: Batch[] = [];
  const items: Anomaly[] = [];
  const tell = (batch: Batch, later_ms: number): void => {
    const ts = batch.ts.map((at) => at + later_ms);
    runOperator('conditions', operator, states.get(batch.group), { ...batch, ts }, (_, item) => items.push(item));
  };
  let rows = 0;
  const input = {
    format: 'auto',
    interval_ms: 10_000,
    start_ms: Date.UTC(2026, 0, 1),
    path: `${FOLDER}/${path}`,
  } as const;
  for await (const messages of readInput(input)) {
    decoder.process(messages, (port, item) => {
      if (port !== 'rows') return;
      const batch = item as Batch;
      rows += batch.rows;
      if (rounds === 1) tell(batch, 0);
      else batches.push(structuredClone({ ...batch, registry: null }) as unknown as Batch);
    });
  }
  for (let round = 0; round < rounds && rounds > 1; round++) {
    for (const batch of batches) tell({ ...batch, registry: states.get(batch.group).registry }, round * ROUND_MS);
  }
  return { rows, items };
}

describe.skipIf(absent)('captures (skipped where ../shared/data is absent)', () => {
  it.each([
    ['8xH100 at 10 Hz, idle and loaded', 'telemetry/h100x8_b1.csv.gz', 26_272],
    ['8xH100 at 10 Hz, four busy and four not', 'telemetry/h100x8_e2.csv.gz', 24_216],
    ['8xH100 at 10 Hz, power-capped training', 'telemetry/h100x8_t3.csv.gz', 26_792],
    ['one GPU of an nvidia-smi log', 'telemetry/nvidia_smi_10hz_mistral7b.csv.gz', 30_344],
  ])('%s: nothing to worry about', async (_, path, rows) => {
    const told = await judge(path);
    expect(told.rows).toBe(rows);
    expect(told.items.filter(({ severity }) => severity !== 'info')).toEqual([]);
  });

  it('247 H100 of one fleet, for half an hour as they stood: nothing to worry about', async () => {
    const told = await judge('telemetry/dcgm_metrics_20250718_247xH100.csv.gz', 180);
    expect(told.rows).toBe(988);
    expect(told.items.filter(({ severity }) => severity !== 'info')).toEqual([]);
  });

  it.each([
    'a100_dcgm2_docs_mig_and_blank.prom',
    'a100sxm4_mig_3instances_driver520_runai.prom',
    'a100sxm4_nomig_driver520_runai_a.prom',
    'h100_x8_k8s_poduid_driver580_aicr.prom',
    'l4_driver580_kops.prom',
    't4_idle_driver580_rafay.prom',
    't4_x2_k8s_podlabels_driver525_runai.prom',
  ])('%s, for half an hour as it stood: nothing to worry about', async (name) => {
    const told = await judge(`dcgm-exporter/${name}`, 180);
    expect(told.rows).toBeGreaterThanOrEqual(1);
    expect(told.items.filter(({ severity }) => severity !== 'info')).toEqual([]);
  });
});
