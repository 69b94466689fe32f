import { z } from 'zod';
import type { SeenEnd } from '../contract/bus.ts';

const snapshotSchema = z.object({
  name: z.string(),
  position: z.number(),
  read_from: z.number(),
  saved_at: z.number(),
});
/** What a newer release has added stays in it. */
const recordSchema = z.looseObject({
  holder: z.string(),
  incarnation: z.string(),
  epoch: z.number(),
  stream: z.string(),
  snapshots: z.array(snapshotSchema),
});

/** A unit's state as an object of the object store. */
export interface UnitSnapshot {
  readonly name: string;
  /** In DCGM_RAW: everything up to there is in it. */
  readonly position: number;
  /** Of the fleet: where to read PICKED from. 0 for a group. */
  readonly read_from: number;
  /** Epoch ms. */
  readonly saved_at: number;
}

/**
 * Who owns a unit, and where its state lies: one key, changed by compare-and-set only. So whoever has lost a unit can put
 * no snapshot in the place of its successor's.
 */
export interface UnitRecord {
  /** Worker's name; empty: nobody. */
  readonly holder: string;
  /** Of that worker's life. */
  readonly incarnation: string;
  /** Rises with every change of the owner. */
  readonly epoch: number;
  /** The stream whose positions these are, by the time at which it was made. */
  readonly stream: string;
  /** Newest first, two at most. */
  readonly snapshots: readonly UnitSnapshot[];
}

export const NOBODYS: UnitRecord = { holder: '', incarnation: '', epoch: 0, stream: '', snapshots: [] };

/** What cannot be read is nobody's, and has no state. */
export function readUnit(value: Uint8Array): UnitRecord {
  try {
    return recordSchema.safeParse(JSON.parse(Buffer.from(value).toString('utf8'))).data ?? NOBODYS;
  } catch {
    return NOBODYS;
  }
}

/** How far DCGM_RAW reached when these units were stored, as the last one that was stored knew it. */
export function seenEndOf(records: readonly UnitRecord[]): SeenEnd {
  const stored = records.flatMap(({ stream, snapshots: [newest] }) => (newest ? [{ stream, ...newest }] : []));
  const created = stored.reduce((last, one) => (one.saved_at > last.saved_at ? one : last), {
    stream: '',
    saved_at: 0,
  }).stream;
  const positions = stored.flatMap(({ stream, position }) => (stream === created ? [position] : []));
  return { created, last_position: Math.max(0, ...positions) };
}

export const writeUnit = (record: UnitRecord): Uint8Array => Buffer.from(JSON.stringify(record), 'utf8');

const memberSchema = z.looseObject({
  worker: z.string(),
  incarnation: z.string(),
  beat: z.number(),
  state: z.enum(['here', 'leaving', 'gone']),
  started_at: z.number(),
  lease_ms: z.number().positive().optional(),
  reaches_database: z.boolean().optional(),
});

/** What a worker says of itself, again and again: who stops saying it is taken for dead. */
export interface MemberRecord {
  readonly worker: string;
  readonly incarnation: string;
  /** Rises with every word, so that no two are the same. */
  readonly beat: number;
  /** `leaving`: hands its units over. `gone`: owns nothing any more, by its own word or because others have taken it for dead. */
  readonly state: 'here' | 'leaving' | 'gone';
  readonly started_at: number;
  /** How long it may be silent; absent of a release that did not tell. */
  readonly lease_ms?: number | undefined;
  /** Absent while it has not asked, and of a release that did not tell. */
  readonly reaches_database?: boolean | undefined;
}

/** What was the default when workers did not tell. */
const UNTOLD_LEASE_MS = 2_000;

/**
 * How long somebody has to be silent before a worker with this lease takes it for dead: by its own lease, which it counts on, as
 * long as it tells one.
 */
export const silenceOf = ({ lease_ms }: Pick<MemberRecord, 'lease_ms'>, ours_ms: number): number =>
  lease_ms ?? Math.max(ours_ms, UNTOLD_LEASE_MS);

export function readMember(value: Uint8Array): MemberRecord | null {
  try {
    return memberSchema.safeParse(JSON.parse(Buffer.from(value).toString('utf8'))).data ?? null;
  } catch {
    return null;
  }
}

export const writeMember = (record: MemberRecord): Uint8Array => Buffer.from(JSON.stringify(record), 'utf8');
