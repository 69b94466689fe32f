import { AUDIT_STREAM, ensureAuditStream } from '../bus/ensure-streams.ts';
import { countBySubject, positionSince, storedMessages } from '../bus/stored-messages.ts';
import type { Bus } from '../contract/bus.ts';
import { subjectToken } from '../contract/ids.ts';
import { type AuditEntry, auditEntrySchema } from './audit-entry.ts';

export interface AuditQuery {
  readonly by?: string | undefined;
  readonly action?: string | undefined;
  /** At or after, and before; epoch ms. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

export interface AuditPage {
  /** Newest first. */
  readonly items: readonly (AuditEntry & { readonly position: number })[];
  /** Position to go on below; null when there is nothing left. */
  readonly next: number | null;
}

/** What was done, for good: the stream takes entries and gives none up. Every method throws VitalsError when NATS is away. */
export interface AuditLog {
  write(entry: AuditEntry): Promise<void>;
  page(query: AuditQuery, page: { readonly limit: number; readonly below?: number | undefined }): Promise<AuditPage>;
  /** Entries in all, whatever the query. */
  count(): Promise<number>;
}

const STRETCH = 1_000;
/** Entries that one page looks at. */
const LOOKED_AT_MAX = 50_000;
const ALL = 'audit.>';

export function auditLog(bus: Bus): AuditLog {
  let ready: Promise<unknown> | null = null;
  const whenReady = async (): Promise<void> => {
    ready ??= ensureAuditStream(bus);
    await ready.catch((error: unknown) => {
      ready = null;
      throw error;
    });
  };
  return {
    async write(entry) {
      await whenReady();
      const publisher = bus.publisher();
      try {
        await publisher.publish({
          subject: `audit.${subjectToken(entry.by)}`,
          data: Buffer.from(JSON.stringify(entry)),
          headers: { 'Content-Type': 'application/json' },
        });
      } finally {
        await publisher.close();
      }
    },
    async page(query, page) {
      await whenReady();
      const { first_position, last_position } = await bus.streamState(AUDIT_STREAM);
      const from =
        query.from === undefined ? first_position : await positionSince(bus, AUDIT_STREAM, ALL, query.from - SKEW_MS);
      if (from === null) return { items: [], next: null };
      const items: (AuditEntry & { position: number })[] = [];
      let to = Math.min(last_position, (page.below ?? Number.POSITIVE_INFINITY) - 1);
      for (let looked = 0; to >= from && looked < LOOKED_AT_MAX; looked += STRETCH, to -= STRETCH) {
        const found: (AuditEntry & { position: number })[] = [];
        const stretch = { subject: ALL, from: Math.max(from, to - STRETCH + 1), to };
        for await (const { data, position } of storedMessages(bus, AUDIT_STREAM, stretch)) {
          const entry = read(data);
          if (entry !== null && fits(entry, query)) found.push({ ...entry, position });
        }
        items.push(...found.reverse().slice(0, page.limit - items.length));
        const last = items.at(-1);
        if (items.length === page.limit && last !== undefined) {
          return { items, next: last.position > from ? last.position : null };
        }
      }
      return { items, next: to >= from ? to + 1 : null };
    },
    async count() {
      await whenReady();
      return Object.values(await countBySubject(bus, AUDIT_STREAM, ALL)).reduce((sum, one) => sum + one, 0);
    },
  };
}

/** Clocks of the server and of those who write may differ by so much. */
const SKEW_MS = 300_000;

const fits = (entry: AuditEntry, { by, action, from, to }: AuditQuery): boolean =>
  (by === undefined || entry.by === by) &&
  (action === undefined || entry.action === action) &&
  (from === undefined || entry.at >= from) &&
  (to === undefined || entry.at < to);

function read(data: Uint8Array): AuditEntry | null {
  try {
    return auditEntrySchema.safeParse(JSON.parse(Buffer.from(data).toString())).data ?? null;
  } catch {
    return null;
  }
}
