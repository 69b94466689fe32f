import { PICKED_STREAM } from '../bus/ensure-streams.ts';
import { storedMessages } from '../bus/stored-messages.ts';
import { letGoBefore } from '../bus/stream-copy.ts';
import { isMemberKey, isUnitKey, openClusterKeys } from '../cluster/cluster-keys.ts';
import { decodePart, inStream } from '../cluster/picked-parts.ts';
import { readUnit, writeUnit } from '../cluster/unit-record.ts';
import type { Bus } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';

/** While a backup ran, units may have moved: what is fenced by their epochs may be so much ahead of their records. */
const EPOCHS_AHEAD = 1_000;
const AT_ONCE = 256;

/**
 * Makes a restored cluster's states those of the restored streams, which the server takes for others than before: without it
 * every worker would read its stream from the start. Nobody has the units; the workers of then are forgotten. `made`: when streams
 * were made, by when they had been made before.
 */
export async function renameCluster(bus: Bus, made: ReadonlyMap<string, string>): Promise<void> {
  const keys = await openClusterKeys(bus);
  const placeOf = await renamePicked(bus, made);
  for (const { key, value, revision } of await keys.matching('>')) {
    if (value.length === 0) continue;
    if (isMemberKey(key)) await keys.remove(key);
    if (!isUnitKey(key)) continue;
    const record = readUnit(value);
    const renamed = {
      ...record,
      ...{ holder: '', incarnation: '', epoch: record.epoch + EPOCHS_AHEAD },
      stream: made.get(record.stream) ?? record.stream,
      snapshots: record.snapshots.map((one) => ({ ...one, read_from: one.read_from && placeOf(one.read_from) })),
    };
    if (!(await keys.replace(key, writeUnit(renamed), revision))) throw changed(key);
  }
}

/**
 * Puts what groups have told behind itself once more, as told of the restored stream, and lets go of the first; answers where
 * what lay at a position, or the next behind it, lies now. What was told of messages that came too late for the backup's
 * copy is left out: at their positions others will lie.
 */
async function renamePicked(bus: Bus, made: ReadonlyMap<string, string>): Promise<(position: number) => number> {
  const { last_position: end } = await bus.streamState('DCGM_RAW');
  const { last_position: last, messages } = await bus.streamState(PICKED_STREAM);
  const places: (readonly [was: number, is: number])[] = [];
  const publisher = bus.publisher();
  let next = last + 1;
  let sent: Promise<void>[] = [];
  try {
    for await (const { subject, data, position } of storedMessages(bus, PICKED_STREAM, { subject: '>', from: 1 })) {
      const part = decodePart(data);
      const stream = made.get(part?.stream ?? '');
      if (part === null || stream === undefined || part.to > end) continue;
      const place = next++;
      places.push([position, place]);
      const storing = publisher.publish({ subject, data: inStream(data, stream) });
      sent.push(
        storing.then((stored) => {
          if (stored.position !== place) throw changed(PICKED_STREAM);
        }),
      );
      if (sent.length < AT_ONCE) continue;
      await Promise.all(sent);
      sent = [];
    }
    await Promise.all(sent);
  } finally {
    await publisher.close();
  }
  if (messages > 0) await letGoBefore(bus, PICKED_STREAM, last + 1);
  return (position) => places.find(([was]) => was >= position)?.[1] ?? next;
}

const changed = (where: string): VitalsError =>
  new VitalsError('GV-BKP-002', 'somebody else writes while it is restored', where, {
    action: 'Stop what runs, then restore again with --force.',
  });
