import type { Clock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import { subjectToken } from '../contract/ids.ts';

const STAGES = ['anomaly', 'health', 'alert'] as const;
const SUBJECTS = { anomaly: 'anomalies', health: 'gpu_health_scores', alert: 'alerts' } as const;

export interface SelfTestStage {
  readonly stage: (typeof STAGES)[number];
  /** From the injection until it was heard on the bus; null when it was not heard in time. */
  readonly latency_ms: number | null;
}

/**
 * Makes something happen to a GPU and waits until its anomaly, its new health score and its alert were heard on the bus, or
 * `timeout_ms` is over. Only an anomaly and an alert that are open count,
 * and a score that comes after the anomaly: scores are told all the time.
 */
export async function selfTest(options: {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly gpu_uuid: string;
  readonly inject: () => Promise<unknown>;
  readonly timeout_ms: number;
  readonly onStage: (stage: SelfTestStage) => void;
}): Promise<readonly SelfTestStage[]> {
  const { bus, clock, gpu_uuid, timeout_ms, onStage } = options;
  const heard = new Map<SelfTestStage['stage'], number>();
  let began = Number.POSITIVE_INFINITY;
  let allHeard: () => void = () => undefined;
  const subscriptions = STAGES.map((stage) =>
    bus.subscribe(`vitals.${SUBJECTS[stage]}.*.${subjectToken(gpu_uuid)}`, ({ data }) => {
      const latency_ms = clock.monotonic() - began;
      if (heard.has(stage) || latency_ms < 0) return;
      if (stage === 'health' ? !heard.has('anomaly') : !isOpen(data)) return;
      heard.set(stage, latency_ms);
      onStage({ stage, latency_ms });
      if (heard.size === STAGES.length) allHeard();
    }),
  );
  let timer: NodeJS.Timeout | undefined;
  try {
    await bus.flush();
    await options.inject();
    began = clock.monotonic();
    await new Promise<void>((resolve) => {
      allHeard = resolve;
      timer = setTimeout(resolve, timeout_ms);
    });
  } finally {
    clearTimeout(timer);
    for (const subscription of subscriptions) subscription.unsubscribe();
  }
  return STAGES.map((stage) => ({ stage, latency_ms: heard.get(stage) ?? null }));
}

function isOpen(data: Uint8Array): boolean {
  try {
    return (JSON.parse(Buffer.from(data).toString('utf8')) as { state?: unknown } | null)?.state === 'open';
  } catch {
    return false;
  }
}
