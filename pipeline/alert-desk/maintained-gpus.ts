import { followAssets, type LoggedAsset, loggedAssets } from '../bus/asset-log.ts';
import { readOn } from '../bus/read-on.ts';
import { type Clock, pause, systemTimers } from '../clock.ts';
import type { Alert } from '../contract/alerts.ts';
import type { Bus } from '../contract/bus.ts';
import { type Board, maintainedBoards } from './maintained-boards.ts';

export interface MaintainedGpus {
  /**
   * The GPU that an alert is about is in maintenance; of one about several GPUs or a node: all of them, and all that are known
   * there. Never while it is not known which boards a node has.
   */
  has(alert: Alert): boolean;
  stop(): Promise<void>;
}

/** A new board registers itself once in its life. */
const SEEN_TRUSTED_MS = 60_000;
const RETRY_MS = 2_000;
/** What was quiet before a restart should be quiet after it, but nobody waits for a database that is away. */
const START_WAIT_MS = 2_000;

/** Follows which GPUs the inventory has in maintenance: reads its log, then what comes. Throws VitalsError at the start. */
export async function followMaintenance(options: {
  readonly bus: Bus;
  readonly clock: Clock;
  /** Boards as their labels told of them, from the table of assets: most are known from there alone. */
  readonly seen: () => Promise<readonly Board[]>;
  readonly onChange: () => void;
  readonly onFailure: (cause: unknown) => void;
}): Promise<MaintainedGpus> {
  const { bus, clock } = options;
  const boards = maintainedBoards();
  const stopping = new AbortController();
  let position = 0;
  let seen_at = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | null = null;

  const take = ({ asset, position: at }: LoggedAsset): void => {
    position = at;
    if (asset !== null) boards.told(asset);
  };

  async function lookUntilSeen(): Promise<void> {
    while (!stopping.signal.aborted) {
      // The database is away, which its own part tells.
      const found = await options.seen().catch(() => null);
      if (found !== null) {
        boards.seen(found);
        seen_at = clock.monotonic();
        return options.onChange();
      }
      await pause(systemTimers, RETRY_MS, stopping.signal).catch(() => undefined);
    }
  }
  function look(): Promise<void> {
    looking ??= lookUntilSeen()
      .catch(options.onFailure)
      .finally(() => {
        looking = null;
      });
    return looking;
  }

  for await (const entry of loggedAssets(bus)) take(entry);
  if (!boards.none()) {
    const late = new AbortController();
    await Promise.race([look(), pause(systemTimers, START_WAIT_MS, late.signal).catch(() => undefined)]);
    late.abort();
  }
  const done = readOn({
    read: () => followAssets(bus, position + 1, stopping.signal),
    take(entry) {
      take(entry);
      options.onChange();
    },
    signal: stopping.signal,
    onFailure: options.onFailure,
  });
  return {
    has({ gpu_uuid, node, gpus }) {
      if (boards.none()) return false;
      if (gpus !== undefined && gpus.length > 0) return boards.all(gpus);
      if (gpu_uuid !== '') return boards.all([gpu_uuid]);
      if (clock.monotonic() - seen_at >= SEEN_TRUSTED_MS) void look();
      return boards.node(node);
    },
    async stop() {
      stopping.abort();
      await done;
    },
  };
}
