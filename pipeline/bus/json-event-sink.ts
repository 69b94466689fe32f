import type { Bus } from '../contract/bus.ts';
import { subjectToken } from '../contract/ids.ts';
import { missedSubject } from '../contract/missed-events.ts';
import type { Sink } from '../contract/ports.ts';

/**
 * Tells every row of a table to whoever listens, as JSON on `vitals.<table>.<node>.<gpu>`. Core NATS: a listener that is
 * away misses rows, and nothing is kept while disconnected; that some were not told is told afterwards.
 */
export function jsonEventSink<Row extends { readonly node: string; readonly gpu_uuid: string }>(
  bus: Bus,
  table: string,
): Sink<Row> {
  let missed = false;
  let { losses } = bus;
  const tellMissed = (): void => {
    // What was handed over just before is lost with a connection, also with one that is back already.
    missed ||= bus.losses !== losses;
    losses = bus.losses;
    if (!missed) return;
    missed = false;
    bus.publish({ subject: missedSubject(subjectToken(table)), data: new Uint8Array(0) });
  };
  return {
    write(row) {
      if (!bus.connected) {
        missed = true;
        return;
      }
      tellMissed();
      bus.publish({
        subject: `vitals.${subjectToken(table)}.${subjectToken(row.node)}.${subjectToken(row.gpu_uuid)}`,
        data: Buffer.from(JSON.stringify(row), 'utf8'),
        headers: { 'Content-Type': 'application/json' },
      });
    },
    async flush() {
      if (!bus.connected) return;
      tellMissed();
      await bus.flush().catch(() => {});
    },
    pressure: () => null,
    async close() {},
  };
}
