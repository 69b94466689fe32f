import { setTimeout as sleep } from 'node:timers/promises';
import type { CollectorCounters } from '../collect/collector-options.ts';
import type { Bus } from '../contract/bus.ts';
import type { AlertFigures } from './alerts.ts';
import type { EngineFacts, EngineReport } from './engine.ts';

export interface HeardParts {
  readonly engines: EngineFacts['heard'];
  readonly collector: Partial<CollectorCounters> | null;
  /** Figures of the desk that holds the lease; null when none was heard. */
  readonly alerts: AlertFigures | null;
}

/** What parts tell of themselves, once a second each. */
export async function hearParts(bus: Bus, listen_ms: number): Promise<HeardParts> {
  const engines = new Map<string, { readonly first: EngineReport; readonly last: EngineReport }>();
  let alerts: AlertFigures | null = null;
  let collector: Partial<CollectorCounters> | null = null;
  const subscriptions = [
    bus.subscribe('vitals.topology.*', ({ subject, data }) => {
      const report = read<EngineReport>(data);
      if (report === null) return;
      engines.set(subject, { first: engines.get(subject)?.first ?? report, last: report });
    }),
    bus.subscribe('vitals.metrics.collector', ({ data }) => {
      collector = read<Partial<CollectorCounters>>(data) ?? collector;
    }),
    bus.subscribe('vitals.metrics.alerts', ({ data }) => {
      alerts = read<AlertFigures>(data) ?? alerts;
    }),
  ];
  await sleep(listen_ms);
  for (const subscription of subscriptions) subscription.unsubscribe();
  return { engines: [...engines.values()], collector, alerts };
}

function read<T extends object>(data: Uint8Array): T | null {
  try {
    const told: unknown = JSON.parse(Buffer.from(data).toString('utf8'));
    return typeof told === 'object' && told !== null ? (told as T) : null;
  } catch {
    return null;
  }
}
