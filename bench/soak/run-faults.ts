import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultTarget, PlannedFault } from './fault-plan.ts';
import { keepRunning } from './keep-running.ts';
import type { FaultRun } from './soak-report.ts';
import type { SoakSystem } from './soak-system.ts';
import { strike } from './strike.ts';

export interface RunFaultsOptions {
  readonly plan: readonly PlannedFault[];
  readonly duration_ms: number;
  readonly system: SoakSystem;
  /** Since the beginning of the soak, ms. */
  readonly elapsed: () => number;
  readonly fresh: () => boolean;
  readonly signal: AbortSignal;
  /** Told of what ended and did not come back without being asked to. */
  readonly onTrouble: (how: string) => void;
  readonly say: (line: string) => void;
}

const LOOK_EVERY_MS = 1_000;
const inSeconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/** One fault after the other until the time is over; what ends by itself meanwhile is started again, and told. */
export async function runFaults(options: RunFaultsOptions): Promise<FaultRun[]> {
  const { plan, duration_ms, system, elapsed, signal, onTrouble, say } = options;
  const faults: FaultRun[] = [];
  let struck: FaultTarget | null = null;
  const keeper = keepRunning({
    system,
    targets: ['engine', 'collector', 'api', 'nats', 'questdb'],
    struck: () => struck,
    look_every_ms: LOOK_EVERY_MS,
    onEnd: onTrouble,
  });
  const waitUntil = (at_ms: number): Promise<void> => sleep(Math.max(0, at_ms - elapsed()), undefined, { signal });
  try {
    for (const [i, fault] of plan.entries()) {
      await waitUntil(fault.at_ms);
      say(`${fault.kind} ${fault.target} for ${inSeconds(fault.for_ms)}`);
      struck = fault.target;
      const run = await strike(fault, {
        ...options,
        until_ms: Math.max(plan[i + 1]?.at_ms ?? duration_ms, elapsed()),
        onBack() {
          struck = null;
        },
      }).catch((error: unknown) => {
        signal.throwIfAborted();
        onTrouble(`${fault.target} did not come back: ${String(error)}`);
        return null;
      });
      struck = null;
      if (run === null) continue;
      faults.push(run);
      const { recovered_ms, back_ms } = run;
      const took = recovered_ms === null ? 'not fresh yet' : `fresh ${inSeconds(recovered_ms - back_ms)} later`;
      say(`${fault.target} back after ${inSeconds(back_ms - run.struck_ms)}, ${took}`);
    }
    await waitUntil(duration_ms);
  } finally {
    await keeper.stop();
  }
  return faults;
}
