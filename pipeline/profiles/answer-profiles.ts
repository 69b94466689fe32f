import { hostname } from 'node:os';
import { threadId } from 'node:worker_threads';
import type { Bus } from '../contract/bus.ts';
import type { ProfilesAllowed } from '../telemetry/insight-options.ts';
import {
  CHUNK,
  CHUNK_BYTES,
  CHUNKS,
  FAILURE,
  PROFILE_SUBJECT,
  type ProfileAsk,
  type Profiled,
  profileAskSchema,
} from './profile-messages.ts';
import { takeCpuProfile, takeHeapSnapshot } from './take-profile.ts';

/** So much may be under way to a slow reader. */
const CHUNKS_BETWEEN_FLUSHES = 8;

/**
 * Lets this thread be profiled on demand, over the bus alone: no port is opened and the inspector is not loaded before
 * somebody asks. One at a time. Whoever may publish on NATS may ask, as they may send samples; since a heap holds secrets, it is given
 * only where `memory` is allowed.
 */
export function answerProfiles(bus: Bus, part: string, allowed: ProfilesAllowed): { stop(): void } {
  if (allowed === 'off') return { stop: () => undefined };
  const who: Profiled = { id: `${hostname()}.${process.pid}.${threadId}`, part, host: hostname(), pid: process.pid };
  let busy = false;

  const send = async (ask: Exclude<ProfileAsk, { kind: 'who' }>, subject: string): Promise<void> => {
    let chunks = 0;
    const pieces = ask.kind === 'cpu' ? takeCpuProfile(ask.seconds) : takeHeapSnapshot();
    for await (const piece of pieces) {
      for (let from = 0; from < piece.length; from += CHUNK_BYTES) {
        const data = piece.subarray(from, from + CHUNK_BYTES);
        bus.publish({ subject, data, headers: { [CHUNK]: String(chunks++) } });
        if (chunks % CHUNKS_BETWEEN_FLUSHES === 0) await bus.flush();
      }
    }
    bus.publish({ subject, data: new Uint8Array(0), headers: { [CHUNKS]: String(chunks) } });
  };
  const refuse = (subject: string, why: string): void =>
    bus.publish({ subject, data: new Uint8Array(0), headers: { [FAILURE]: why } });

  const subscription = bus.subscribe(PROFILE_SUBJECT, ({ data, reply }) => {
    const ask = readAsk(data);
    if (ask === null || reply === '') return;
    if (ask.kind === 'who') {
      bus.publish({ subject: reply, data: Buffer.from(JSON.stringify(who)) });
      return;
    }
    if (ask.id !== who.id) return;
    if (ask.kind === 'heap' && allowed !== 'memory') {
      refuse(reply, 'its memory may not be seen: start it with --profiles memory');
      return;
    }
    if (busy) {
      refuse(reply, 'a profile is being taken already');
      return;
    }
    busy = true;
    send(ask, reply)
      .catch((error: unknown) => refuse(reply, String(error)))
      .finally(() => {
        busy = false;
      });
  });
  return { stop: () => subscription.unsubscribe() };
}

function readAsk(data: Uint8Array): ProfileAsk | null {
  try {
    return profileAskSchema.safeParse(JSON.parse(Buffer.from(data).toString('utf8'))).data ?? null;
  } catch {
    return null;
  }
}
