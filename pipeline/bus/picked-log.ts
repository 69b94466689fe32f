import { DiscardPolicy, JetStreamApiError, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { Bus } from '../contract/bus.ts';
import { groupToken } from '../contract/ids.ts';
import type { DurationMs } from '../contract/time.ts';
import { ensureStream, PICKED_STREAM } from './ensure-streams.ts';
import { isBehindAnother } from './publish-ack.ts';
import { isMissing, managerOf, streamError } from './stream-manager.ts';

const SUBJECTS = 'vitals.picked.>';
const GIB = 1024 ** 3;

export interface PickedMessage {
  readonly position: number;
  readonly data: Uint8Array;
}

/** What groups tell the steps over the fleet, a subject a group, in the order of the group's stream. */
export interface PickedLog {
  /** The group's last message; null when there is none. */
  last(group: number): Promise<PickedMessage | null>;
  /**
   * Stores behind the group's message at `after` (0: behind none); its position, or null when that is not the group's last one:
   * somebody else writes for this group, or the stream has let it go.
   */
  append(group: number, data: Uint8Array, after: number): Promise<number | null>;
  /** All groups' messages in order, from a position of this stream. */
  read(from: number, signal: AbortSignal): AsyncIterable<readonly PickedMessage[]>;
  close(): Promise<void>;
}

/** Makes the stream that carries it; `age_max` as of the raw stream, so that the one can be read as far back as the other. */
export async function ensurePickedStream(bus: Bus, age_max: DurationMs): Promise<void> {
  await ensureStream(bus, {
    name: PICKED_STREAM,
    subjects: [SUBJECTS],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    max_bytes: GIB,
    max_age: nanos(age_max),
  });
}

/** Throws VitalsError GV-BUS-001 or GV-BUS-002, as all its calls do. */
export function pickedLog(bus: Bus, silence_max_ms: number): PickedLog {
  const publisher = bus.publisher();
  const subjectOf = (group: number): string => `vitals.picked.${groupToken(group)}`;
  return {
    async last(group) {
      try {
        const { streams } = await managerOf(bus);
        const found = await streams.getMessage(PICKED_STREAM, { last_by_subj: subjectOf(group) });
        return found ? { position: found.seq, data: found.data } : null;
      } catch (cause) {
        if (cause instanceof JetStreamApiError && isMissing(cause)) return null;
        throw streamError(cause, 'the last message of a group cannot be read', PICKED_STREAM);
      }
    },
    async append(group, data, after) {
      const headers = { 'Nats-Expected-Last-Subject-Sequence': String(after) };
      try {
        return (await publisher.publish({ subject: subjectOf(group), data, headers })).position;
      } catch (cause) {
        if (isBehindAnother(cause)) return null;
        throw cause;
      }
    },
    read: (from, signal) => bus.read({ stream: PICKED_STREAM, from, silence_max_ms }, signal),
    close: () => publisher.close(),
  };
}
