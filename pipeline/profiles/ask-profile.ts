import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemTimers, type Timers } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import {
  CHUNK,
  CHUNKS,
  FAILURE,
  PROFILE_SUBJECT,
  type ProfileAsk,
  type Profiled,
  profiledSchema,
} from './profile-messages.ts';

const LISTEN_MS = 500;
/** Longest silence between two chunks, beside the time that the profile itself takes: a large heap is walked first. */
const SILENCE_MS = 30_000;

/** Everybody who can be profiled and answers within half a second, by part and pid. */
export async function whoCanBeProfiled(bus: Bus, listen_ms = LISTEN_MS): Promise<readonly Profiled[]> {
  const reply = newInbox();
  const found: Profiled[] = [];
  const subscription = bus.subscribe(reply, ({ data }) => {
    const told = readProfiled(data);
    if (told !== null) found.push(told);
  });
  try {
    await bus.flush();
    ask(bus, { kind: 'who' }, reply);
    await sleep(listen_ms);
  } finally {
    subscription.unsubscribe();
  }
  return found.sort((a, b) => (a.part < b.part ? -1 : a.part > b.part ? 1 : a.pid - b.pid));
}

/**
 * Has a profile taken and hands its bytes on as they come, in order. Resolves with their number when all are there.
 * Throws VitalsError GV-TEL-002 when the thread refuses, falls silent, or a chunk was lost on the way.
 */
export async function askForProfile(
  bus: Bus,
  wanted: Exclude<ProfileAsk, { kind: 'who' }>,
  take: (chunk: Uint8Array) => void,
  timers: Timers = systemTimers,
): Promise<number> {
  const reply = newInbox();
  const failed = (why: string): VitalsError => new VitalsError('GV-TEL-002', why, wanted.id);
  let bytes = 0;
  let chunks = 0;
  let cancel: () => void = () => undefined;
  let settle: { resolve: (bytes: number) => void; reject: (error: VitalsError) => void } | null = null;
  const whole = new Promise<number>((resolve, reject) => {
    settle = { resolve, reject };
  });
  whole.catch(() => undefined);
  const watch = (ms: number): void => {
    cancel();
    cancel = timers.after(ms, () => settle?.reject(failed(`nothing came for ${Math.round(ms / 1_000)} s`)));
  };
  const subscription = bus.subscribe(reply, ({ data, headers }) => {
    if (headers[FAILURE] !== undefined) settle?.reject(failed(headers[FAILURE]));
    else if (headers[CHUNKS] !== undefined) {
      if (Number(headers[CHUNKS]) === chunks) settle?.resolve(bytes);
      else settle?.reject(failed(`${chunks} of ${headers[CHUNKS]} chunks came`));
    } else if (Number(headers[CHUNK]) !== chunks) {
      settle?.reject(failed(`chunk ${headers[CHUNK]} came instead of ${chunks}`));
    } else {
      chunks++;
      bytes += data.length;
      take(data);
      watch(SILENCE_MS);
    }
  });
  try {
    watch(SILENCE_MS + (wanted.kind === 'cpu' ? wanted.seconds * 1_000 : 0));
    await bus.flush();
    ask(bus, wanted, reply);
    return await whole;
  } finally {
    cancel();
    subscription.unsubscribe();
  }
}

const newInbox = (): string => `vitals.profile.answer.${randomUUID()}`;

const ask = (bus: Bus, wanted: ProfileAsk, reply: string): void =>
  bus.publish({ subject: PROFILE_SUBJECT, data: Buffer.from(JSON.stringify(wanted)), reply });

function readProfiled(data: Uint8Array): Profiled | null {
  try {
    return profiledSchema.safeParse(JSON.parse(Buffer.from(data).toString('utf8'))).data ?? null;
  } catch {
    return null;
  }
}
