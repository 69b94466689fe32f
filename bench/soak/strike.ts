import { setTimeout as sleep } from 'node:timers/promises';
import type { PlannedFault } from './fault-plan.ts';
import type { FaultRun } from './soak-report.ts';
import type { SoakSystem } from './soak-system.ts';

const STARTS_MAX = 3;
const POLL_MS = 100;

export interface StrikeOptions {
  readonly system: SoakSystem;
  /** Since the beginning of the soak, ms. */
  readonly elapsed: () => number;
  readonly fresh: () => boolean;
  /** Told when the process is there again. */
  readonly onBack: () => void;
  /** When waiting for recovery ends. */
  readonly until_ms: number;
  readonly signal: AbortSignal;
}

/** One fault from its beginning until rows are fresh again. A process that does not come back is tried three times. */
export async function strike(fault: PlannedFault, options: StrikeOptions): Promise<FaultRun> {
  const { system, elapsed, signal } = options;
  const { kind, target, for_ms } = fault;
  const struck_ms = elapsed();
  let gone_ms = struck_ms;
  if (kind === 'stop') {
    system.signal(target, 'SIGSTOP');
    await sleep(for_ms, undefined, { signal }).finally(() => system.signal(target, 'SIGCONT'));
  } else {
    await system.kill(target);
    gone_ms = elapsed();
    await sleep(for_ms, undefined, { signal });
    for (let tries = 1; ; tries++) {
      try {
        await system.start(target);
        break;
      } catch (error) {
        if (tries === STARTS_MAX) throw error;
      }
    }
  }
  const back_ms = elapsed();
  options.onBack();
  const patience_ms = Math.max(0, options.until_ms - back_ms);
  while (!options.fresh()) {
    if (elapsed() > options.until_ms) return { ...fault, struck_ms, gone_ms, back_ms, recovered_ms: null, patience_ms };
    await sleep(POLL_MS, undefined, { signal });
  }
  return { ...fault, struck_ms, gone_ms, back_ms, recovered_ms: elapsed(), patience_ms };
}
