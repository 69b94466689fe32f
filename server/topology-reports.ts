import { z } from '@hono/zod-openapi';
import type { Clock } from '../pipeline/clock.ts';
import type { Bus } from '../pipeline/contract/bus.ts';

const reportSchema = z.looseObject({
  steps: z.array(z.looseObject({ id: z.string() })),
  edges: z.array(z.unknown()).default([]),
});

export interface TopologyReport {
  readonly worker: string;
  readonly received_at: number;
  readonly told: z.output<typeof reportSchema>;
}

export interface TopologyReports {
  /** The last report, of one worker or of whoever told last. */
  last(worker?: string): TopologyReport | null;
  workers(): readonly string[];
  /** The highest lag that a worker tells now: whoever told last may be one that has nothing to do. Null: nobody tells. */
  lagMax(): number | null;
  stop(): void;
}

const SILENT_MS = 300_000;
/** Who tells every second and has not for so long is gone; what it had is told by others. */
const LAG_AGE_MAX_MS = 15_000;

/** Listens to what engines tell of their steps on `vitals.topology.<worker>`; a worker silent for five minutes is forgotten. */
export function topologyReports(bus: Bus, clock: Clock): TopologyReports {
  const reports = new Map<string, TopologyReport>();
  const subscription = bus.subscribe('vitals.topology.*', ({ subject, data }) => {
    const told = parsed(data);
    if (told === null) return;
    const worker = subject.split('.')[2] ?? '';
    reports.delete(worker);
    reports.set(worker, { worker, received_at: clock.now(), told });
    for (const report of reports.values()) {
      if (report.received_at < clock.now() - SILENT_MS) reports.delete(report.worker);
    }
  });
  return {
    last: (worker) => (worker === undefined ? [...reports.values()].at(-1) : reports.get(worker)) ?? null,
    workers: () => [...reports.keys()].sort(),
    lagMax() {
      const since = clock.now() - LAG_AGE_MAX_MS;
      const lags = [...reports.values()].flatMap(({ received_at, told: { lag_messages } }) =>
        received_at >= since && typeof lag_messages === 'number' ? [lag_messages] : [],
      );
      return lags.length === 0 ? null : Math.max(...lags);
    },
    stop: () => subscription.unsubscribe(),
  };
}

function parsed(data: Uint8Array): z.output<typeof reportSchema> | null {
  try {
    return reportSchema.safeParse(JSON.parse(new TextDecoder().decode(data))).data ?? null;
  } catch {
    return null;
  }
}
