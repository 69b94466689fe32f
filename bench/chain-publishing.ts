import type { Clock } from '../pipeline/clock.ts';
import type { ChainBoard } from './chain-board.ts';
import { threadCpu } from './chain-thread.ts';

export interface PublishOrder {
  /** How long to publish; or until so many messages, whichever comes first. */
  readonly seconds: number;
  readonly messages_max: number;
  /** Messages a second; null: as fast as the rest of the chain keeps up. */
  readonly messages_per_s: number | null;
  /** Messages that may be published and not yet worked off; unbounded when a pace is given. */
  readonly lag_max: number;
}

export interface PublishReport {
  readonly messages: number;
  readonly seconds: number;
  readonly cpu_ms: number;
}

/** More messages than either publisher has on their way at a time. */
export const NODES_IN_FLIGHT = 2_048;

const SLICE = 64;
const PAUSE_MS = 1;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * The loop that both chains' publishers run: `send` hands one message over, `room` waits while the window of
 * unacknowledged messages is full, `settled` waits for the last acknowledgement.
 */
export async function publishLoop(
  order: PublishOrder,
  board: ChainBoard,
  clock: Clock,
  steps: { send(): void; room(): Promise<void> | null; settled(): Promise<void> },
): Promise<PublishReport> {
  const started = clock.monotonic();
  const cpu = threadCpu();
  const before = board.published;
  let sent = 0;
  for (;;) {
    const elapsed_s = (clock.monotonic() - started) / 1_000;
    if (elapsed_s >= order.seconds || sent >= order.messages_max) break;
    const { messages_per_s } = order;
    const allowed =
      messages_per_s === null
        ? order.lag_max - (before + sent - board.done)
        : Math.ceil(elapsed_s * messages_per_s) - sent;
    if (allowed <= 0) {
      await pause(PAUSE_MS);
      continue;
    }
    const count = Math.min(SLICE, allowed, order.messages_max - sent);
    for (let i = 0; i < count; i++) steps.send();
    sent += count;
    board.published = before + sent;
    const wait = steps.room();
    if (wait !== null) await wait;
  }
  await steps.settled();
  return { messages: sent, seconds: (clock.monotonic() - started) / 1_000, cpu_ms: threadCpu() - cpu };
}
