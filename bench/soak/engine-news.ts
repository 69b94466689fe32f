import type { Clock } from '../../pipeline/clock.ts';
import type { Bus } from '../../pipeline/contract/bus.ts';
import type { TopologyReport } from '../../pipeline/engine.ts';

/** What the engine last told of itself. */
export interface EngineNews {
  readonly last: TopologyReport | null;
  /** When that was heard, by the monotonic clock. */
  readonly heard_at: number;
  /** Age of that, ms. */
  age_ms(): number;
  stop(): void;
}

export function followEngine(
  bus: Bus,
  clock: Clock,
  onReport: (report: TopologyReport) => void = () => undefined,
): EngineNews {
  let last: TopologyReport | null = null;
  let at = Number.NEGATIVE_INFINITY;
  const subscription = bus.subscribe('vitals.topology.*', ({ data }) => {
    const report = JSON.parse(Buffer.from(data).toString('utf8')) as TopologyReport;
    last = report;
    onReport(report);
    at = clock.monotonic();
  });
  return {
    get last() {
      return last;
    },
    get heard_at() {
      return at;
    },
    age_ms: () => clock.monotonic() - at,
    stop: () => subscription.unsubscribe(),
  };
}
