import { userInfo } from 'node:os';
import type { Clock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import { auditLog } from './audit-log.ts';

export interface CommandAct {
  /** `keys revoke`. */
  readonly action: string;
  readonly target: string;
  /** Never a secret. */
  readonly detail?: string;
}

/**
 * Runs what a command of somebody on the machine changes and writes it down, done or failed. Throws what `run` throws; also when
 * it cannot be written down, since then nobody would ever know.
 */
export async function auditedCommand<T>(
  options: {
    readonly bus: Bus;
    readonly clock: Clock;
    /** Whether a failure is written down; always when absent. */
    readonly failure_written?: () => Promise<boolean>;
  },
  act: (result: T | null) => CommandAct,
  run: () => Promise<T>,
): Promise<T> {
  const write = (result: T | null, status: number): Promise<void> => {
    const { action, target, detail = '' } = act(result);
    return auditLog(options.bus).write({
      at: options.clock.now(),
      by: userName(),
      key_id: '',
      role: '',
      tenant: '',
      origin: 'command line',
      action,
      target,
      status,
      detail,
    });
  };
  let result: T;
  try {
    result = await run();
  } catch (error) {
    if ((await options.failure_written?.()) ?? true) await write(null, 1);
    throw error;
  }
  await write(result, 0);
  return result;
}

/** Empty where the system has no name for the user. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return '';
  }
}
