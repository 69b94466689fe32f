import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { GroupStates } from '../operators/core/group-state.ts';
import { random, sampleRows } from '../operators/core/laws.fixture.ts';
import { DEFAULT_ANALYSIS } from './analysis.ts';
import { Assets } from './asset-book.ts';
import { mergeAsset } from './asset-merge.ts';
import { settableClock } from './clock.ts';
import type { Batch } from './contract/batch.ts';
import { encodeScrape } from './contract/encode-scrape.ts';
import type { VitalsError } from './contract/errors.ts';
import type {
  Anomaly,
  Asset,
  DeadLetter,
  Episode,
  FeatureVector,
  FleetQuantiles,
  Forecast,
  HealthScore,
  Incident,
} from './contract/events.ts';
import { rawSubject } from './contract/ids.ts';
import type { RawMessage } from './contract/message.ts';
import { METRIC_COUNT, METRICS } from './contract/metrics.ts';
import type { Sink } from './contract/ports.ts';
import { minutes } from './contract/time.ts';
import { cutBehind } from './cut-messages.ts';
import { fleetStateSpecs } from './run-topology.ts';
import { runInOneThread } from './running-topology.ts';
import { SnapshotFiles } from './snapshot-files.ts';
import { Snapshots } from './snapshots.ts';
import { fleetVitals, type SinkItems } from './topology.ts';

/** A stream of a small fleet over several groups: one message a node and instant. */
function stream(seed: number): RawMessage[] {
  return sampleRows(seed, { gpus: 12, scrapes: 150 }).map((row, i) => {
    const values = new Float64Array(METRIC_COUNT).fill(Number.NaN);
    METRICS.forEach((metric, m) => {
      values[m] = row.values[metric.name] ?? Number.NaN;
    });
    const gpu = { uuid: row.uuid, instance: '', model: 'NVIDIA H100 80GB HBM3', pci_bus_id: '', serial: '', slot: '' };
    const data = encodeScrape({
      node: row.node,
      ts: row.ts,
      boot_epoch: 1,
      sequence: i,
      gpus: [{ ...gpu, ts: row.ts, values, xids: [], attribution: [] }],
      refusals: [],
      blanks: 0,
      unknown_metrics: 0,
    });
    return {
      subject: rawSubject(row.node),
      data,
      content_type: 'application/vnd.gpu-vitals.scrape',
      position: i + 1,
      arrived_at: row.arrived_at ?? row.ts,
      event_time: row.ts,
    } as const;
  });
}

/** Tables as the database keeps them: by key, the last writer wins; only what was flushed survives a kill. */
class Tables {
  readonly durable = new Map<string, string>();
  private pending: [string, string][] = [];

  private sink<T>(keep: (item: T) => Iterable<[string, string]>): Sink<T> {
    return {
      write: (item) => {
        this.pending.push(...keep(item));
      },
      flush: async () => this.settle(),
      pressure: () => null,
      close: async () => this.settle(),
    };
  }

  private settle(): void {
    for (const [key, row] of this.pending) this.durable.set(key, row);
    this.pending = [];
  }

  kill(): void {
    this.pending = [];
  }

  readonly sinks = {
    gpu_metrics: this.sink<Batch>(function* (batch) {
      for (let row = 0; row < batch.rows; row++) {
        const uuid = batch.registry.gpus[batch.gpu[row] as number]?.uuid;
        const values = Array.from(batch.values.subarray(row * METRIC_COUNT, (row + 1) * METRIC_COUNT));
        yield [`metrics ${batch.ts[row]} ${uuid}`, values.join()];
      }
    }),
    // With the owner: a version that was told must be told again after a kill, not only the last one.
    gpu_assets: this.sink<Asset>((asset) => [
      [`assets ${asset.ts} ${asset.gpu_uuid} ${asset.owner}`, JSON.stringify(asset)],
    ]),
    anomalies: this.sink<Anomaly>((row) => [[`anomalies ${row.ts} ${row.id}`, JSON.stringify(row)]]),
    gpu_features: this.sink<FeatureVector>((row) => [
      [`features ${row.ts} ${row.gpu_uuid}`, JSON.stringify([...row.values, ...row.latest, row.latest_ts, row.job])],
    ]),
    gpu_health_scores: this.sink<HealthScore>((row) => [
      [`health ${row.ts} ${row.gpu_uuid} ${row.instance}`, JSON.stringify(row)],
    ]),
    xid_episodes: this.sink<Episode>((row) => [[`episode ${row.ts} ${row.id}`, JSON.stringify(row)]]),
    incidents: this.sink<Incident>((row) => [[`incident ${row.ts} ${row.id}`, JSON.stringify(row)]]),
    gpu_forecasts: this.sink<Forecast>((row) => [
      [`forecast ${row.ts} ${row.gpu_uuid} ${row.metric} ${row.horizon_ms}`, JSON.stringify(row)],
    ]),
    fleet_quantiles: this.sink<FleetQuantiles>((row) => [
      [`quantiles ${row.ts} ${row.model} ${row.metric}`, JSON.stringify(row)],
    ]),
    dead_letters: this.sink<DeadLetter>((row) => [[`dead ${row.ts} ${row.node} ${row.detail}`, JSON.stringify(row)]]),
  };
}

const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true });
});
const freshDir = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'snapshots-'));
  dirs.push(dir);
  return dir;
};

/** A change of the inventory that is stored before the message `stored_after`, and counts for rows that arrive from `from` on. */
interface AssetChange {
  readonly gpu_uuid: string;
  readonly owner: string;
  readonly stored_after: number;
  readonly from: number;
}

/** One life of an engine: restores, reads `until` (exclusive) in pieces, takes snapshots on the way, then is killed. */
async function live(
  messages: readonly RawMessage[],
  tables: Tables,
  dir: string,
  options: {
    until: number;
    seed: number;
    damaged?: VitalsError[];
    changes?: readonly AssetChange[];
    known_until?: number;
  },
): Promise<number> {
  const states = new GroupStates();
  const assets = new Assets();
  const topology = fleetVitals({ ...DEFAULT_ANALYSIS, future_max: minutes(5), assets });
  const report = (error: VitalsError): number => options.damaged?.push(error) ?? 0;
  const files = new SnapshotFiles(dir, report);
  const running = runInOneThread<SinkItems>({ topology, states, sinks: tables.sinks, files, clock: settableClock(0) });
  const snapshots = new Snapshots({ states, groups: running.groups, files, report });
  const from = await snapshots.restore(fleetStateSpecs(topology));
  const next = random(options.seed);
  let at = from - 1;
  let told = 0;
  while (at < options.until) {
    const to = Math.min(options.until, at + 1 + Math.floor(next() * 60));
    // Whoever starts again reads the whole inventory first, so it knows changes of what is then the future.
    for (; told < (options.changes?.length ?? 0); told++) {
      const change = options.changes?.[told];
      if (change === undefined || change.stored_after >= Math.max(to, options.known_until ?? 0)) break;
      assets.put(mergeAsset(assets.latest(change.gpu_uuid), change, 1), { edition: told + 1, from: change.from });
    }
    for (const part of cutBehind(messages.slice(at, to), states.fleet.position)) running.push(part);
    at = to;
    if (next() < 0.8) snapshots.begin();
    for (let turns = Math.floor(next() * 12); turns > 0; turns--) snapshots.turn(at);
    if (next() < 0.7) await snapshots.settled();
  }
  if (options.until === messages.length) {
    await snapshots.complete(at);
    await running.close();
  } else {
    // The machine lives on: what a killed process had handed to the disk gets there, what it held is gone.
    await snapshots.settled();
    tables.kill();
  }
  return from;
}

const differences = (tables: Tables, whole: Tables): string[] =>
  [...new Set([...tables.durable.keys(), ...whole.durable.keys()])].filter(
    (key) => tables.durable.get(key) !== whole.durable.get(key),
  );

describe('kill and resume', () => {
  it('ends with the same tables as a run without a kill, whenever the kills come', async () => {
    const messages = stream(1);
    const whole = new Tables();
    await live(messages, whole, freshDir(), { until: messages.length, seed: 0 });
    expect(whole.durable.size).toBeGreaterThan(messages.length * 0.9);
    for (let seed = 1; seed <= 6; seed++) {
      const next = random(seed);
      const dir = freshDir();
      const tables = new Tables();
      const starts: number[] = [];
      for (let until = 0; until < messages.length; ) {
        until = Math.min(messages.length, Math.max(until, 1) + Math.floor(next() * 500));
        starts.push(await live(messages, tables, dir, { until, seed: seed * 10 + until }));
      }
      expect(starts.at(-1)).toBeGreaterThan(1);
      expect(differences(tables, whole)).toEqual([]);
    }
  });

  it('applies changes of the inventory at the same rows again', async () => {
    const messages = stream(3);
    const uuids = ['GPU-0', 'GPU-3', 'GPU-7'];
    const changes = Array.from({ length: 9 }, (_, i): AssetChange => {
      const stored_after = 150 * (i + 1);
      const from = (messages[stored_after + 60] as RawMessage).arrived_at;
      return { gpu_uuid: uuids[i % 3] as string, owner: `owner ${i}`, stored_after, from };
    });
    const run = async (tables: Tables, dir: string, kills: (last: number) => number): Promise<void> => {
      for (let until = 0; until < messages.length; ) {
        const known_until = until;
        until = Math.min(messages.length, kills(until));
        await live(messages, tables, dir, { until, seed: until, changes, known_until });
      }
    };
    const whole = new Tables();
    await run(whole, freshDir(), () => messages.length);
    const owners = [...whole.durable]
      .filter(([key]) => key.startsWith('assets'))
      .map(([, row]) => JSON.parse(row).owner);
    expect(owners.filter((owner) => owner !== '').sort()).toEqual(changes.map(({ owner }) => owner));
    for (let seed = 1; seed <= 4; seed++) {
      const next = random(seed);
      const tables = new Tables();
      await run(tables, freshDir(), (last) => Math.max(last, 1) + Math.floor(next() * 400));
      expect(differences(tables, whole)).toEqual([]);
    }
  });

  it('uses the snapshot before when the last one is damaged, and says so', async () => {
    const messages = stream(2);
    const whole = new Tables();
    await live(messages, whole, freshDir(), { until: messages.length, seed: 0 });
    const dir = freshDir();
    const tables = new Tables();
    await live(messages, tables, dir, { until: 600, seed: 3 });
    await live(messages, tables, dir, { until: 900, seed: 4 });
    const [first] = readdirSync(dir).filter((name) => /^group-\d\d\.snap$/.test(name));
    const path = join(dir, first as string);
    const bytes = await readFile(path);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
    writeFileSync(path, bytes);
    const damaged: VitalsError[] = [];
    await live(messages, tables, dir, { until: messages.length, seed: 5, damaged });
    expect(damaged.map(({ code }) => code)).toContain('GV-SNP-001');
    expect(differences(tables, whole)).toEqual([]);
  });
});
