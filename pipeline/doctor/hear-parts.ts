import { setTimeout as sleep } from 'node:timers/promises';
import type { CollectorCounters } from '../collect/collector-options.ts';
import type { Bus } from '../contract/bus.ts';
import type { AlertFigures } from './alerts.ts';
import type { EngineFacts, EngineReport } from './engine.ts';
import type { FramesRefused } from './frames.ts';

export interface HeardParts {
  readonly engines: EngineFacts['heard'];
  readonly collector: Partial<CollectorCounters> | null;
  /** Frames of engines that the live server could not read, at its first word and its last; null when none was heard. */
  readonly frames_refused: FramesRefused | null;
  /** Figures of the desk that holds the lease; null when none was heard. */
  readonly alerts: AlertFigures | null;
}

/** What parts tell of themselves, once a second each. */
export async function hearParts(bus: Bus, listen_ms: number): Promise<HeardParts> {
  const engines = new Map<string, { readonly first: EngineReport; readonly last: EngineReport }>();
  let alerts: AlertFigures | null = null;
  let frames_refused: FramesRefused | null = null;
  const collectors = new Map<string, Partial<CollectorCounters>>();
  const subscriptions = [
    bus.subscribe('vitals.topology.*', ({ subject, data }) => {
      const report = read<EngineReport>(data);
      if (report === null) return;
      engines.set(subject, { first: engines.get(subject)?.first ?? report, last: report });
    }),
    // One that is alone, or each of several by its name.
    ...['vitals.metrics.collector', 'vitals.metrics.collector.*'].map((pattern) =>
      bus.subscribe(pattern, ({ subject, data }) => {
        const counters = read<Partial<CollectorCounters>>(data);
        if (counters !== null) collectors.set(subject, counters);
      }),
    ),
    bus.subscribe('vitals.metrics.alerts', ({ data }) => {
      alerts = read<AlertFigures>(data) ?? alerts;
    }),
    bus.subscribe('vitals.metrics.live', ({ data }) => {
      const last = read<{ live_frames_refused_total?: unknown }>(data)?.live_frames_refused_total;
      if (typeof last === 'number') frames_refused = { first: frames_refused?.first ?? last, last };
    }),
  ];
  await sleep(listen_ms);
  for (const subscription of subscriptions) subscription.unsubscribe();
  return { engines: [...engines.values()], collector: summed([...collectors.values()]), alerts, frames_refused };
}

/** What all collectors did together; null when none was heard. */
function summed(all: readonly Partial<CollectorCounters>[]): Partial<CollectorCounters> | null {
  if (all.length === 0) return null;
  const sums: Record<string, number> = {};
  for (const counters of all) {
    for (const [name, count] of Object.entries(counters)) {
      if (typeof count === 'number') sums[name] = (sums[name] ?? 0) + count;
    }
  }
  return sums;
}

function read<T extends object>(data: Uint8Array): T | null {
  try {
    const told: unknown = JSON.parse(Buffer.from(data).toString('utf8'));
    return typeof told === 'object' && told !== null ? (told as T) : null;
  } catch {
    return null;
  }
}
