import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadPriceBook } from '../operators/decisions/price-book.ts';
import { DEFAULT_ANALYSIS } from '../pipeline/analysis.ts';
import { settableClock, systemClock } from '../pipeline/clock.ts';
import type { Database } from '../pipeline/contract/database.ts';
import { NO_MODELS } from '../pipeline/contract/failure-model.ts';
import { runReplay } from '../pipeline/replay/run-replay.ts';
import { listRows, rowsAt, type TableRow } from '../sinks/questdb/list-rows.ts';
import { lastOfGpus } from '../sinks/questdb/newest-rows.ts';
import { prepareDatabase } from '../sinks/questdb/prepare-database.ts';
import { startTestQuestdb, type TestQuestdb } from '../sinks/questdb/questdb.fixture.ts';
import { tableSink } from '../sinks/questdb/table-sink.ts';
import { tableRowAnswer } from './table-schema.ts';
import { VERDICT_PARTS, type VerdictPart, verdictRows, verdictTable } from './verdict-rows.ts';

const START = Date.UTC(2026, 0, 1);
const GPUS = ['GPU-sick', 'GPU-well', 'GPU-mig'];
const FAULTS = [48, 31, 79];

/** Three hours of a GPU that fails again and again, a healthy one and a cut one, a row a minute. */
function history(): string {
  const lines: string[] = [];
  for (let minute = 0; minute < 180; minute++) {
    for (const gpu_uuid of GPUS) {
      for (const instance of gpu_uuid === 'GPU-mig' ? ['1', '2'] : ['']) {
        const sick = gpu_uuid === 'GPU-sick';
        const row = {
          ts: START + minute * 60_000,
          gpu_uuid,
          instance,
          node: 'n1',
          model: 'NVIDIA H100 80GB HBM3',
          gpu_temp_celsius: sick ? 95 : 50 + (minute % 3),
          power_watts: 400 + (minute % 5),
          gpu_util_ratio: 0.9,
          ecc_dbe_volatile_total: sick ? Math.floor(minute / 30) : 0,
          xid_last_code: sick && minute % 45 < 3 ? (FAULTS[Math.floor(minute / 45) % FAULTS.length] ?? 0) : 0,
        };
        lines.push(JSON.stringify(row));
      }
    }
  }
  return `${lines.join('\n')}\n`;
}

let questdb: TestQuestdb;
let folder: string;
const told = new Map<VerdictPart, TableRow[]>();
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gpu-vitals-verdict-'));
  const path = join(folder, 'in.jsonl');
  writeFileSync(path, history());
  await runReplay({
    models: NO_MODELS,
    prices: loadPriceBook(null),
    path,
    out: join(folder, 'out'),
    format: 'auto',
    interval_ms: 60_000,
    start_ms: START,
    assets: [],
    analysis: DEFAULT_ANALYSIS,
    clock: systemClock,
  });
  questdb = await startTestQuestdb();
  await prepareDatabase(questdb.database);
  for (const part of VERDICT_PARTS) {
    const spec = verdictTable(part);
    const text = readFileSync(join(folder, 'out', `${spec.name}.jsonl`), 'utf8');
    const rows = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as TableRow);
    told.set(part, rows);
    const sink = tableSink<TableRow>(spec, { ...questdb.delivery(), rows_max: 100, waiting_max: 10_000 });
    for (const row of rows) sink.write(row);
    await sink.close();
    await questdb.visible(spec.name);
  }
}, 120_000);
afterAll(async () => {
  await questdb?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const NOTHING: Database = { query: async () => [], close: async () => undefined };
const clock = settableClock(START);
const now = (): number => START + 180 * 60_000;
const answers = (part: VerdictPart, rows: readonly TableRow[]): unknown[] =>
  rows.map(tableRowAnswer(verdictTable(part)));

it.each(VERDICT_PARTS)('%s rows that the bus told are the ones that the table has', async (part) => {
  expect(told.get(part)?.length).toBeGreaterThan(part === 'episodes' ? 1 : 20);
  const heard = verdictRows({ database: NOTHING, clock, now, fleet: () => [] });
  for (const gpu of GPUS) expect(await heard.of(part, gpu)).toEqual([]);
  for (const row of told.get(part) ?? []) heard.apply(part, String(row.gpu_uuid), row);
  const read = verdictRows({ database: questdb.database, clock, now, fleet: () => [] });
  const all = await Promise.all([...GPUS, 'GPU-unheard-of'].map((gpu) => read.of(part, gpu)));
  expect(all.at(-1)).toEqual([]);
  for (const [i, gpu] of GPUS.entries()) {
    expect(answers(part, await heard.of(part, gpu)), gpu).toEqual(answers(part, all[i] ?? []));
  }
});

it.each(VERDICT_PARTS)('%s rows of many GPUs at once are those of each by itself', async (part) => {
  const spec = verdictTable(part);
  const { database } = questdb;
  // Nothing is within a day of this: what is older is read too.
  for (const at of [now, () => now() + 40 * 86_400_000]) {
    const read = verdictRows({ database, clock, now: at, fleet: () => [] });
    const all = await Promise.all(GPUS.map((gpu) => read.of(part, gpu)));
    for (const [i, gpu_uuid] of GPUS.entries()) {
      const equal = { gpu_uuid };
      const one =
        part === 'episodes'
          ? (await listRows(database, spec, { equal }, { limit: 20 })).items
          : await rowsAt(database, spec, { equal }, now(), 100);
      expect(all[i], gpu_uuid).toEqual(one);
    }
  }
});

it('the last rows of each GPU are as many as are asked for, newest first', async () => {
  const spec = verdictTable('prediction');
  const { database } = questdb;
  const all = await lastOfGpus(database, spec, GPUS, 7);
  for (const gpu_uuid of GPUS) {
    const { items } = await listRows(database, spec, { equal: { gpu_uuid } }, { limit: 7 });
    expect(all.get(gpu_uuid)?.map(({ ts }) => ts)).toEqual(items.map(({ ts }) => ts));
  }
});
