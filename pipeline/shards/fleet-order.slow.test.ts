import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { GroupStates } from '../../operators/core/group-state.ts';
import { random } from '../../operators/core/laws.fixture.ts';
import { settableClock } from '../clock.ts';
import type { VitalsError } from '../contract/errors.ts';
import type { RawMessage } from '../contract/message.ts';
import type { Sink } from '../contract/ports.ts';
import { cutBehind } from '../cut-messages.ts';
import { fleetStateSpecs } from '../run-topology.ts';
import { runInOneThread } from '../running-topology.ts';
import { SnapshotFiles } from '../snapshot-files.ts';
import { Snapshots } from '../snapshots.ts';
import { message, orderTopology, type SinkItems } from './order.fixture.ts';
import { shardsInOneThread, stoppedWriting, stopWriting } from './shards.fixture.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A fifth comes late, up to far later than the fleet waits. */
function lateMessages(seed: number): RawMessage[] {
  const next = random(seed);
  return Array.from({ length: 900 }, (_, i) =>
    message(i + 1, 1_000 + i, next() < 0.2 ? Math.floor(next() * 6_000) : 0),
  );
}

const noted = (lines: Set<string>): Sink<string> => ({
  write: (line) => lines.add(line),
  flush: async () => undefined,
  pressure: () => null,
  close: async () => undefined,
});

/** Reads up to there in pieces, with a whole snapshot now and then; what is under way then is lost. */
async function live(
  messages: readonly RawMessage[],
  lines: Set<string>,
  life: { shards: number; until: number; seed: number; folder: string },
): Promise<void> {
  const states = new GroupStates();
  const report = (error: VitalsError): void => {
    if (!stoppedWriting(error)) throw error;
  };
  const files = new SnapshotFiles(life.folder, report);
  const sinks = { order: noted(lines) };
  const { running, kill } =
    life.shards === 1
      ? {
          running: runInOneThread<SinkItems>({
            topology: orderTopology(),
            states,
            sinks,
            files,
            clock: settableClock(0),
          }),
          kill: () => undefined,
        }
      : shardsInOneThread<SinkItems>({
          topology: orderTopology,
          states,
          files,
          sinks,
          shard_sinks: Array.from({ length: life.shards }, () => ({})),
          future_max: null,
        });
  const snapshots = new Snapshots({ states, groups: running.groups, files, report });
  const next = random(life.seed);
  if (life.until < messages.length) stopWriting(files, 10 + Math.floor(next() * 120));
  for (let at = (await snapshots.restore(fleetStateSpecs(orderTopology()))) - 1; at < life.until; ) {
    const to = Math.min(life.until, at + 1 + Math.floor(next() * 12));
    for (const part of cutBehind(messages.slice(at, to), states.fleet.position)) running.push(part);
    at = to;
    if (next() < 0.1) await snapshots.complete(at);
    else await running.pressure();
    snapshots.begin();
    for (let turns = 0; turns < 8; turns++) snapshots.turn(at);
  }
  if (life.until === messages.length) await running.settled();
  await snapshots.settled();
  kill();
}

it.each([1, 2, 3, 4])(
  'takes late items in one order, whatever was under way at a snapshot or a kill (%i)',
  async (seed) => {
    const messages = lateMessages(seed);
    const run = async (shards: () => number, ends: (last: number) => number): Promise<string[]> => {
      const lines = new Set<string>();
      const folder = mkdtempSync(join(tmpdir(), 'gpu-vitals-order-'));
      folders.push(folder);
      for (let until = 0; until < messages.length; ) {
        until = Math.min(messages.length, ends(until));
        await live(messages, lines, { shards: shards(), until, seed: seed + until, folder });
      }
      return [...lines].sort();
    };
    const whole = await run(
      () => 1,
      () => messages.length,
    );
    expect(whole.length).toBeGreaterThan(850);
    const next = random(seed);
    const killed = await run(
      () => [2, 4, 1, 3][Math.floor(next() * 4)] as number,
      (last) => last + 1 + Math.floor(next() * 150),
    );
    expect(killed).toEqual(whole);
  },
);
