import type { Episode, RecoveryAction } from '../../pipeline/contract/events.ts';
import { type DurationMs, days } from '../../pipeline/contract/time.ts';

/** Actions that end with a reset: until one was seen the fault is waiting, not gone. */
export const RESETS: readonly RecoveryAction[] = ['reset_gpu', 'reboot_node', 'drain_and_reset', 'replace_gpu'];

/** After so long without a reset that anybody saw, a quiet fault is taken as gone. */
export const RESET_AWAITED: DurationMs = days(7);

/**
 * Whether a story that falls quiet is not over for it: after a critical XID that asks for a reset nothing more may come, and the
 * GPU is no better for it. Anomalies tell themselves when they are over, and a program's fault ends with the program.
 */
export const awaitsReset = ({
  primary_xid,
  severity,
  category,
  action,
  reset_at,
  cured,
}: Pick<Episode, 'primary_xid' | 'severity' | 'category' | 'action' | 'reset_at' | 'cured'>): boolean =>
  severity === 'critical' &&
  primary_xid !== null &&
  category !== 'application' &&
  category !== 'sensor' &&
  RESETS.includes(action) &&
  reset_at === null &&
  cured === null;
