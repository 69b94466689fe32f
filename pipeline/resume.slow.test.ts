import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { GroupStates } from '../operators/core/group-state.ts';
import { random } from '../operators/core/laws.fixture.ts';
import { loadPriceBook } from '../operators/decisions/price-book.ts';
import { DEFAULT_ANALYSIS } from './analysis.ts';
import { Assets } from './asset-book.ts';
import { mergeAsset } from './asset-merge.ts';
import { settableClock } from './clock.ts';
import type { VitalsError } from './contract/errors.ts';
import { NO_MODELS } from './contract/failure-model.ts';
import type { RawMessage } from './contract/message.ts';
import { minutes } from './contract/time.ts';
import { cutBehind } from './cut-messages.ts';
import { differences, stream, Tables } from './resume.fixture.ts';
import { fleetStateSpecs } from './run-topology.ts';
import { runInOneThread } from './running-topology.ts';
import { SnapshotFiles } from './snapshot-files.ts';
import { Snapshots } from './snapshots.ts';
import { fleetVitals, type SinkItems } from './topology.ts';

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
  const topology = fleetVitals({
    ...DEFAULT_ANALYSIS,
    future_max: minutes(5),
    assets,
    models: NO_MODELS,
    prices: loadPriceBook(null),
  });
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
