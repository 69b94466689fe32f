import { Assets } from './asset-book.ts';
import { followAssets, type LoggedAsset, loggedAssets } from './bus/asset-log.ts';
import { readOn } from './bus/read-on.ts';
import type { Clock } from './clock.ts';
import type { Bus } from './contract/bus.ts';
import { VitalsError } from './contract/errors.ts';

/**
 * A change counts for rows that the server stored this much later: by then every engine that keeps up has heard of it, so
 * that the row at which it is applied depends on nothing but what is stored.
 */
export const ASSET_SETTLE_MS = 1_000;

export interface InventoryFollower {
  readonly book: Assets;
  /** Whether there is a change that was heard at least `age_ms` ago. */
  settles(age_ms: number): boolean;
  /** UUIDs of such changes, each once. */
  takeSettled(age_ms: number): readonly string[];
  /** All that is known counts as heard now. */
  hearAgain(): void;
  stop(): Promise<void>;
}

export interface FollowInventoryOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly tell: (error: VitalsError) => void;
  /** What the log holds now, in place of reading it over the bus. */
  readonly logged?: AsyncIterable<LoggedAsset>;
}

/** Reads the whole inventory log, then follows it. Entries that cannot be read are told and passed over. */
export async function followInventory(options: FollowInventoryOptions): Promise<InventoryFollower> {
  const { bus, clock, tell } = options;
  const book = new Assets();
  /** Monotonic instant of the last change, in the order of these. */
  const heard = new Map<string, number>();
  let position = 0;

  const take = (entry: LoggedAsset): void => {
    position = entry.position;
    const { asset, subject, arrived_at } = entry;
    if (asset === null) {
      tell(new VitalsError('GV-PRS-003', `entry ${position} of the inventory cannot be read`, subject));
      return;
    }
    book.put(asset, { edition: position, from: arrived_at + ASSET_SETTLE_MS });
    heard.delete(asset.gpu_uuid);
    heard.set(asset.gpu_uuid, clock.monotonic());
  };

  for await (const entry of options.logged ?? loggedAssets(bus)) take(entry);
  const stopping = new AbortController();
  const done = readOn({
    read: () => followAssets(bus, position + 1, stopping.signal),
    take,
    signal: stopping.signal,
    onFailure: (cause) =>
      tell(cause instanceof VitalsError ? cause : new VitalsError('GV-BUS-002', String(cause), 'ASSETS', { cause })),
  });
  return {
    book,
    settles(age_ms) {
      const [first] = heard.values();
      return first !== undefined && first <= clock.monotonic() - age_ms;
    },
    takeSettled(age_ms) {
      const before = clock.monotonic() - age_ms;
      const settled: string[] = [];
      for (const [uuid, at] of heard) {
        if (at > before) break;
        settled.push(uuid);
        heard.delete(uuid);
      }
      return settled;
    },
    hearAgain() {
      for (const uuid of book.uuids()) {
        heard.delete(uuid);
        heard.set(uuid, clock.monotonic());
      }
    },
    async stop() {
      stopping.abort();
      await done;
    },
  };
}
