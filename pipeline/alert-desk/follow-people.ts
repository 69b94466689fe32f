import type { Silence } from '../contract/alerts.ts';
import type { Bus } from '../contract/bus.ts';
import { openHandling, openSilences } from './buckets.ts';
import { type FollowedBucket, followBucket } from './follow-bucket.ts';
import { handlingSchema, readStored, type StoredHandling } from './handling.ts';
import { silenceSchema } from './silences.ts';

/** What people have said of alerts. */
export interface People {
  readonly handling: FollowedBucket<StoredHandling>;
  readonly silences: FollowedBucket<Silence>;
  stop(): Promise<void>;
}

export interface FollowPeopleOptions {
  readonly bus: Bus;
  readonly onHandling?: (handling: StoredHandling, revision: number) => void;
  readonly onSilence?: () => void;
  readonly onFailure: (cause: unknown) => void;
}

/** Reads both buckets, then follows them. Throws VitalsError when they cannot be opened. */
export async function followPeople(options: FollowPeopleOptions): Promise<People> {
  const { bus, onFailure } = options;
  const [handlingBucket, silenceBucket] = await Promise.all([openHandling(bus), openSilences(bus)]);
  const handling = await followBucket<StoredHandling>({
    bucket: handlingBucket,
    read(key, value) {
      const read = readStored(handlingSchema, value);
      return read?.alert_id === key ? read : null;
    },
    onValue: options.onHandling,
    onFailure,
  });
  const silences = await followBucket<Silence>({
    bucket: silenceBucket,
    read(key, value) {
      const read = readStored(silenceSchema, value);
      return read?.id === key ? read : null;
    },
    onValue: options.onSilence,
    onRemoved: options.onSilence,
    onFailure,
  });
  return {
    handling,
    silences,
    async stop() {
      await Promise.all([handling.stop(), silences.stop()]);
    },
  };
}
