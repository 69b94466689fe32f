import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { GroupStates } from '../../operators/core/group-state.ts';
import { random } from '../../operators/core/laws.fixture.ts';
import { loadPriceBook } from '../../operators/decisions/price-book.ts';
import { DEFAULT_ANALYSIS } from '../analysis.ts';
import { Assets } from '../asset-book.ts';
import { settableClock } from '../clock.ts';
import type { VitalsError } from '../contract/errors.ts';
import { NO_MODELS } from '../contract/failure-model.ts';
import type { RawMessage } from '../contract/message.ts';
import { minutes } from '../contract/time.ts';
import { cutBehind } from '../cut-messages.ts';
import { differences, stream, Tables } from '../resume.fixture.ts';
import { fleetStateSpecs } from '../run-topology.ts';
import { type RunningTopology, runInOneThread } from '../running-topology.ts';
import { SnapshotFiles } from '../snapshot-files.ts';
import { Snapshots } from '../snapshots.ts';
import { fleetVitals, type SinkItems } from '../topology.ts';
import { shardsInOneThread, stoppedWriting, stopWriting } from './shards.fixture.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gpu-vitals-shards-'));
  folders.push(folder);
  return folder;
}

const FUTURE_MAX = minutes(5);
const wholeTopology = () =>
  fleetVitals({
    ...DEFAULT_ANALYSIS,
    future_max: FUTURE_MAX,
    assets: new Assets(),
    models: NO_MODELS,
    prices: loadPriceBook(null),
  });

interface Life {
  readonly running: RunningTopology;
  readonly states: GroupStates;
  readonly files: SnapshotFiles;
  /** What was written but never flushed is gone; nobody hears of anything more. */
  kill(): void;
}

/** An engine of so many shards without its threads: each shard lives behind a port, with tables of its own over the same rows. */
function begin(
  shards: number,
  folder: string,
  durable: Map<string, string>,
  report: (error: VitalsError) => void,
): Life {
  const files = new SnapshotFiles(folder, report);
  const states = new GroupStates();
  const tables = Array.from({ length: shards + 1 }, () => new Tables(durable));
  const [own = new Tables(durable), ...theirs] = tables;
  if (shards === 1) {
    const running = runInOneThread<SinkItems>({
      topology: wholeTopology(),
      states,
      sinks: own.sinks,
      files,
      clock: settableClock(0),
    });
    return { running, states, files, kill: () => own.kill() };
  }
  const { running, kill } = shardsInOneThread<SinkItems>({
    topology: wholeTopology,
    states,
    files,
    sinks: own.sinks,
    shard_sinks: theirs.map(({ sinks }) => sinks),
    future_max: FUTURE_MAX,
  });
  return {
    running,
    states,
    files,
    kill() {
      kill();
      for (const table of tables) table.kill();
    },
  };
}

/** One life of an engine: restores, reads until there in pieces, takes snapshots on the way, then is killed or ends. */
async function live(
  messages: readonly RawMessage[],
  options: {
    shards: number;
    until: number;
    seed: number;
    folder: string;
    durable: Map<string, string>;
    files_max?: number | undefined;
  },
): Promise<number> {
  const { until, folder, durable } = options;
  const report = (error: VitalsError): void => {
    if (!stoppedWriting(error)) throw error;
  };
  const { running, states, files, kill } = begin(options.shards, folder, durable, report);
  const snapshots = new Snapshots({ states, groups: running.groups, files, report });
  const from = await snapshots.restore(fleetStateSpecs(wholeTopology()));
  const next = random(options.seed);
  stopWriting(
    files,
    until === messages.length ? Number.POSITIVE_INFINITY : (options.files_max ?? Number.POSITIVE_INFINITY),
  );
  for (let at = from - 1; at < until; ) {
    const to = Math.min(until, at + 1 + Math.floor(next() * 60));
    for (const part of cutBehind(messages.slice(at, to), states.fleet.position)) running.push(part);
    at = to;
    if (next() < 0.8) snapshots.begin();
    for (let turns = Math.floor(next() * 12); turns > 0; turns--) snapshots.turn(at);
    await running.pressure();
    if (next() < 0.7) await snapshots.settled();
  }
  if (until === messages.length) {
    await running.settled();
    await snapshots.complete(messages.length);
    await running.close();
  } else {
    await snapshots.settled();
    kill();
  }
  return from;
}

describe('an engine in shards', () => {
  it.each([1, 2, 3])(
    'tells the same with 1, 2 and 4, killed at any moment and begun again with others (%i)',
    async (seed) => {
      const messages = stream(seed);
      const run = async (
        shards: () => number,
        ends: (last: number) => number,
        files_max?: () => number,
      ): Promise<Tables> => {
        const tables = new Tables();
        const folder = freshFolder();
        const { durable } = tables;
        const starts: number[] = [];
        for (let until = 0; until < messages.length; ) {
          until = Math.min(messages.length, ends(until));
          const life = { shards: shards(), until, seed: seed + until, folder, durable, files_max: files_max?.() };
          starts.push(await live(messages, life));
        }
        expect(starts.length === 1 || (starts.at(-1) as number) > 1).toBe(true);
        return tables;
      };
      const whole = await run(
        () => 1,
        () => messages.length,
      );
      for (const kind of ['metrics', 'features', 'health', 'quantiles', 'anomalies']) {
        expect([...whole.durable.keys()].filter((key) => key.startsWith(kind)).length).toBeGreaterThan(0);
      }
      for (const shards of [2, 4]) {
        const sharded = await run(
          () => shards,
          () => messages.length,
        );
        expect(differences(sharded, whole)).toEqual([]);
      }
      const next = random(seed);
      const any = (): number => [1, 2, 4, 3][Math.floor(next() * 4)] as number;
      const restarted = await run(
        any,
        (last) => Math.max(last, 1) + Math.floor(next() * 400),
        () => Math.floor(next() * 40),
      );
      expect(differences(restarted, whole)).toEqual([]);
    },
  );
});
