import type { Bus } from '../contract/bus.ts';
import { subjectToken } from '../contract/ids.ts';
import type { Sink } from '../contract/ports.ts';

/**
 * Tells every row of a table to whoever listens, as JSON on `vitals.<table>.<node>.<gpu>`. Core NATS: a listener that is
 * away misses rows, and nothing is kept while disconnected.
 */
export function jsonEventSink<Row extends { readonly node: string; readonly gpu_uuid: string }>(
  bus: Bus,
  table: string,
): Sink<Row> {
  return {
    write(row) {
      if (!bus.connected) return;
      bus.publish({
        subject: `vitals.${subjectToken(table)}.${subjectToken(row.node)}.${subjectToken(row.gpu_uuid)}`,
        data: Buffer.from(JSON.stringify(row), 'utf8'),
        headers: { 'Content-Type': 'application/json' },
      });
    },
    async flush() {
      if (bus.connected) await bus.flush().catch(() => {});
    },
    pressure: () => null,
    async close() {},
  };
}
