import type { Clock } from '../../pipeline/clock.ts';
import type { Bus } from '../../pipeline/contract/bus.ts';
import type { TopologyReport } from '../../pipeline/engine.ts';

/** What the engine last told of itself. */
export interface EngineNews {
  readonly last: TopologyReport | null;
  /** Age of that, ms. */
  age_ms(): number;
  stop(): void;
}

export function followEngine(bus: Bus, clock: Clock): EngineNews {
  let last: TopologyReport | null = null;
  let at = Number.NEGATIVE_INFINITY;
  const subscription = bus.subscribe('vitals.topology.*', ({ data }) => {
    last = JSON.parse(Buffer.from(data).toString('utf8')) as TopologyReport;
    at = clock.monotonic();
  });
  return {
    get last() {
      return last;
    },
    age_ms: () => clock.monotonic() - at,
    stop: () => subscription.unsubscribe(),
  };
}
