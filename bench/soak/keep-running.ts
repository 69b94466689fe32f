import type { FaultTarget } from './fault-plan.ts';
import type { SoakSystem } from './soak-system.ts';

export interface KeepRunningOptions {
  readonly system: Pick<SoakSystem, 'pid' | 'start'>;
  readonly targets: readonly FaultTarget[];
  /** Whoever is down on purpose now. */
  readonly struck: () => FaultTarget | null;
  /** Told of every end that nobody asked for, and of every start that failed. */
  readonly onEnd: (how: string) => void;
  readonly look_every_ms: number;
}

/** Starts again what ended by itself, so that a soak goes on and tells of it. */
export function keepRunning(options: KeepRunningOptions): { stop(): Promise<void> } {
  const { system, struck, onEnd } = options;
  const starting = new Map<FaultTarget, Promise<void>>();
  const timer = setInterval(() => {
    for (const target of options.targets) {
      if (target === struck() || starting.has(target) || system.pid(target) !== null) continue;
      onEnd(`${target} ended by itself`);
      const started = system
        .start(target)
        .then(
          () => undefined,
          (error: unknown) => onEnd(`${target} did not start again: ${String(error)}`),
        )
        .finally(() => starting.delete(target));
      starting.set(target, started);
    }
  }, options.look_every_ms);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(starting.values());
    },
  };
}
