import type { JetStreamManager, StreamInfo } from '@nats-io/jetstream';
import type { SeenEnd } from '../contract/bus.ts';

/** A leader that was cut off takes itself for one until no follower has answered for so long (nats-server 2.x: 10 s). */
const STALE_MAX_MS = 12_000;
const ASK_AGAIN_MS = 250;

/**
 * A stream as its leader tells it, in one round trip.
 *
 * A leader that was cut off tells of the past. So one that tells of several copies, and of an end before what was `seen` of the
 * same stream, is asked again, until it tells more, is no longer `wanted`, or cannot be a stale one: then the end is lost.
 */
export async function streamInfo(
  jsm: { readonly streams: Pick<JetStreamManager['streams'], 'info'> },
  stream: string,
  { seen, wanted = () => true }: { readonly seen?: SeenEnd; readonly wanted?: () => boolean } = {},
): Promise<StreamInfo> {
  let info = await jsm.streams.info(stream);
  if (seen === undefined || info.config.num_replicas <= 1) return info;
  const short = (): boolean =>
    info.state.last_seq < seen.last_position && (seen.created === '' || seen.created === info.created);
  for (let waited_ms = 0; short() && wanted() && waited_ms < STALE_MAX_MS; waited_ms += ASK_AGAIN_MS) {
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    info = await jsm.streams.info(stream);
  }
  return info;
}
