import type { Bus } from '../contract/bus.ts';
import type { KeyValueEntry } from './key-value.ts';
import { storedMessages } from './stored-messages.ts';

/** The entries of a key-value bucket that match, for people who only look: none when there is no bucket, and none is made. */
export async function lookAtBucket(bus: Bus, bucket: string, pattern: string): Promise<readonly KeyValueEntry[]> {
  const prefix = `$KV.${bucket}.`;
  const entries: KeyValueEntry[] = [];
  for await (const { subject, data, position } of storedMessages(bus, `KV_${bucket}`, {
    subject: prefix + pattern,
    from: 1,
  })) {
    entries.push({ key: subject.slice(prefix.length), value: data, revision: position });
  }
  return entries;
}
