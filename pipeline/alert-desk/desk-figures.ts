import type { Bus } from '../contract/bus.ts';
import type { DeskCounters } from './desk-options.ts';

/** What the desk tells of itself for /metrics, with the figures of those around it. */
export function publishFigures(bus: Bus, counters: DeskCounters, more: Readonly<Record<string, unknown>>): void {
  const { changed, repeated, refused, notifications, open } = counters;
  const told = {
    alerts_changed_total: changed,
    alerts_repeated_total: repeated,
    alerts_refused_total: refused,
    alerts_notifications_total: notifications,
    alerts_open: open,
    ...more,
  };
  bus.publish({ subject: 'vitals.metrics.alerts', data: Buffer.from(JSON.stringify(told), 'utf8') });
}
