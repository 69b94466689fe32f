import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../pipeline/clock.ts';
import { processCpu } from '../chain-run.ts';

const WARM_UP_MS = 20_000;
const LENGTH_MS = 40_000;

/**
 * How many rows a second would keep all cores busy, from what a row costs all processes together now. A light load pays more
 * for each row than a full one (smaller transactions, code not yet compiled), so it errs to the low side.
 */
export async function measureCapacity(options: {
  readonly pids: readonly (number | null)[];
  /** Rows so far. */
  readonly rows: () => Promise<number>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}): Promise<number> {
  const { pids, rows, clock, signal } = options;
  const look = async () => ({
    rows: await rows(),
    busy_ms: pids.reduce<number>((sum, pid) => sum + processCpu(pid), 0),
    at_ms: clock.monotonic(),
  });
  await sleep(WARM_UP_MS, undefined, { signal });
  const before = await look();
  await sleep(LENGTH_MS, undefined, { signal });
  const after = await look();
  const took_ms = after.at_ms - before.at_ms;
  const rows_per_s = ((after.rows - before.rows) / took_ms) * 1_000;
  const share = (after.busy_ms - before.busy_ms) / took_ms / cpus().length;
  const capacity = Math.round(rows_per_s / share);
  options.say(`${Math.round(rows_per_s)} rows/s take ${Math.round(share * 100)} % of the cores: ${capacity} fill them`);
  return capacity;
}
