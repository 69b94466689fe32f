import type { AuditEntry } from '../../pipeline/audit/audit-entry.ts';
import type { AuditLog } from '../../pipeline/audit/audit-log.ts';

/** A trail in memory. */
export function memoryAudit(): AuditLog & { readonly entries: AuditEntry[] } {
  const entries: AuditEntry[] = [];
  return {
    entries,
    async write(entry) {
      entries.push(entry);
    },
    async page({ by, action }, { limit, below }) {
      const all = entries
        .map((entry, i) => ({ ...entry, position: i + 1 }))
        .filter((one) => one.position < (below ?? Number.POSITIVE_INFINITY))
        .filter((one) => (by === undefined || one.by === by) && (action === undefined || one.action === action))
        .reverse();
      const items = all.slice(0, limit);
      return { items, next: all.length > limit ? (items.at(-1)?.position ?? null) : null };
    },
    count: async () => entries.length,
  };
}
