import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { mergeAsset } from '../asset-merge.ts';
import { settableClock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import type { Asset } from '../contract/events.ts';
import { alertOf } from './desk.fixture.ts';
import { followMaintenance, type MaintainedGpus } from './maintained-gpus.ts';

const MINUTE = 60_000;
const silent = alertOf({ rule: 'node_silent', gpu_uuid: '', node: 'n1' });
const board = (n: number, node: string, status: Asset['status']): Asset =>
  mergeAsset(undefined, { gpu_uuid: `GPU-${n}`, node, status }, 1);

let maintenance: MaintainedGpus | null = null;
afterEach(() => maintenance?.stop());

/** Follows a log that holds these entries, with what the table of assets says of the labels. */
async function follow(logged: readonly Asset[], labels: () => readonly Asset[]) {
  const clock = settableClock(MINUTE);
  const seen = vi.fn(async () => labels());
  const onChange = vi.fn();
  const onFailure = vi.fn();
  const bus = {
    streamState: async () => ({ messages: 0, last_position: 0 }),
    async *read(_: unknown, signal: AbortSignal) {
      yield logged.map((asset, n) => ({
        subject: `vitals.gpu_assets.${asset.gpu_uuid}`,
        data: Buffer.from(JSON.stringify(asset)),
        position: n + 1,
        arrived_at: 1,
      }));
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  };
  const following = await followMaintenance({ bus: bus as unknown as Bus, clock, seen, onChange, onFailure });
  maintenance = following;
  await turn();
  return { clock, seen, onChange, onFailure, following };
}

const SEVEN = Array.from({ length: 7 }, (_, n) => board(n, 'n1', 'maintenance'));

it('looks again where a board is: the one that was in use may have been moved', async () => {
  let eighth = board(7, 'n1', 'active');
  const { clock, seen, following } = await follow(SEVEN, () => [...SEVEN, eighth]);
  expect(following.has(silent)).toBe(false);
  await turn();
  expect(following.has(silent)).toBe(false);
  eighth = board(7, 'n2', 'active');
  clock.advance(MINUTE - 1);
  expect(following.has(silent)).toBe(false);
  expect(seen).toHaveBeenCalledTimes(1);
  clock.advance(1);
  expect(following.has(silent)).toBe(false);
  await turn();
  expect(following.has(silent)).toBe(true);
  expect(seen).toHaveBeenCalledTimes(2);
});

it('asks nobody while nothing is in maintenance', async () => {
  const { seen, following } = await follow([board(0, 'n1', 'active')], () => []);
  expect(following.has(silent)).toBe(false);
  expect(seen).not.toHaveBeenCalled();
});

it('tells when whoever heeds it fails, which is no matter of the database', async () => {
  const { seen, onChange, onFailure, following } = await follow(SEVEN, () => SEVEN);
  const broken = new Error('the desk broke');
  onChange.mockImplementation(() => {
    throw broken;
  });
  following.has(silent);
  await turn();
  expect(onFailure.mock.calls).toEqual([[broken]]);
  expect(following.has(silent)).toBe(true);
  expect(seen).toHaveBeenCalledTimes(1);
});
