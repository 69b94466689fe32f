import type { GroupStates } from '../operators/core/group-state.ts';
import { type SeenAsset, silentAsset } from '../operators/enrich.ts';
import { systemTimers, type Timers } from './clock.ts';
import type { Asset } from './contract/events.ts';
import type { Sink } from './contract/ports.ts';
import { ASSET_SETTLE_MS, type InventoryFollower } from './inventory-follower.ts';

export interface WriteInventoryOptions {
  readonly follower: Pick<InventoryFollower, 'book' | 'settles' | 'takeSettled' | 'hearAgain'>;
  /** What the groups know of these boards, as `knownAssets` tells it. */
  readonly known: (assets: readonly Asset[]) => readonly KnownAsset[] | Promise<readonly KnownAsset[]>;
  readonly sink: Pick<Sink<Asset>, 'write' | 'pressure'>;
  /** Whether everything stored was processed: before that, a GPU may yet be seen for the first time. */
  readonly caughtUp: () => boolean | Promise<boolean>;
  /** Who has the groups. After a change all is written again: a group that reads a part of its past anew tells old rows. */
  readonly owners?: () => string;
  readonly timers?: Timers;
}

const EVERY_MS = 1_000;
const ROWS_AT_ONCE = 1_000;

/**
 * Writes changed assets whose GPU does not report: spares, dead and retired boards, for which enrich never runs. Those
 * that do report are written too, as enrich would, so it does not matter who comes first. Begins after the change
 * counts for new rows, so that the key of a row is settled. After a start all of the inventory is written once: the group
 * that a board has left may have told an older row again, from a part of its past that it read anew.
 */
export function writeInventory(options: WriteInventoryOptions): { stop(): Promise<void> } {
  let writing: Promise<void> = Promise.resolve();
  let busy = false;
  let stopped = false;
  let owners = options.owners?.();
  const endTimer = (options.timers ?? systemTimers).every(EVERY_MS, () => {
    const now = options.owners?.();
    if (now !== owners) options.follower.hearAgain();
    owners = now;
    if (busy) return;
    busy = true;
    writing = turn()
      // Nobody answers, or the groups are gone: their engine has failed, which is told there. The next start writes all of it.
      .catch(() => undefined)
      .finally(() => {
        busy = false;
      });
  });

  async function turn(): Promise<void> {
    if (!options.follower.settles(2 * ASSET_SETTLE_MS) || !(await options.caughtUp()) || stopped) return;
    await write(options.follower.takeSettled(2 * ASSET_SETTLE_MS));
  }

  async function write(uuids: readonly string[]): Promise<void> {
    for (let at = 0; at < uuids.length && !stopped; at += ROWS_AT_ONCE) {
      const rows = await settledAssets(options, uuids.slice(at, at + ROWS_AT_ONCE));
      // Somebody else may write it by now: whoever begins writes all of it.
      if (stopped) return;
      for (const asset of rows) options.sink.write(asset);
      await options.sink.pressure();
      // Samples go before: they wait for nothing but this turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  return {
    async stop() {
      stopped = true;
      endTimer();
      await writing;
    },
  };
}

/** A board, or an instance of one, that a group has seen: its row as it is to stand in gpu_assets. */
export interface KnownAsset extends SeenAsset {
  readonly board: boolean;
}

/** What these groups have seen of boards that people tell of. `step`: id of the enrich step. */
export function knownAssets(states: GroupStates, step: string, assets: readonly Asset[]): KnownAsset[] {
  const wanted = new Map(assets.map((asset) => [asset.gpu_uuid, asset]));
  return states.all().flatMap((group) =>
    group.registry.gpus.flatMap(({ uuid, instance }, gpu) => {
      const told = wanted.get(uuid);
      const seen = told === undefined ? null : silentAsset(group, step, gpu, told);
      return seen === null ? [] : [{ board: instance === '', ...seen }];
    }),
  );
}

/** The rows of these GPUs as they are to stand in gpu_assets. */
export async function settledAssets(
  { follower, known }: { readonly follower: Pick<InventoryFollower, 'book'> } & Pick<WriteInventoryOptions, 'known'>,
  uuids: readonly string[],
): Promise<Asset[]> {
  const told = uuids.flatMap((uuid) => follower.book.latest(uuid) ?? []);
  const boards = new Map<string, SeenAsset>();
  const slices = new Map<string, SeenAsset>();
  for (const { board, asset, seen_at } of await known(told)) {
    const found = board ? boards : slices;
    // One that moved is known to both groups: it is where it was seen last.
    if ((found.get(asset.gpu_uuid)?.seen_at ?? 0) <= seen_at) found.set(asset.gpu_uuid, { asset, seen_at });
  }
  return told.map((asset) => (boards.get(asset.gpu_uuid) ?? slices.get(asset.gpu_uuid))?.asset ?? asset);
}
