import type { Bus } from '../contract/bus.ts';
import { connectionOf } from './stream-manager.ts';

/**
 * Leaves the server for the next one of the address, for those who know better than TCP that it is of no use: one that is cut
 * off answers nothing for half a minute before the connection counts as lost. Readers and publishers go on where they were.
 */
export async function reconnect(bus: Bus): Promise<void> {
  await connectionOf(bus)
    .reconnect()
    .catch(() => undefined);
}
