import type { Bus } from '../contract/bus.ts';
import { managerOf, replicasOf } from './stream-manager.ts';

/**
 * Gives the stream behind a bucket as many copies as are asked for over this bus: whoever made it may have asked for fewer, and
 * the library leaves one that is there as it is. None is taken away: an administrator may have chosen them.
 */
export async function moreCopies(bus: Bus, stream: string): Promise<void> {
  const num_replicas = replicasOf(bus);
  if (num_replicas === 1) return;
  const { streams } = await managerOf(bus);
  const { config } = await streams.info(stream);
  if (config.num_replicas < num_replicas) await streams.update(stream, { ...config, num_replicas });
}
