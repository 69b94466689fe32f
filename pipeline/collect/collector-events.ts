import type { ErrorCode } from '../contract/error-catalogue.ts';
import type { SpoolEvent } from './spool-options.ts';

/** What the collector tells while it runs. Counted by metrics, logged at the edges only. */
export type CollectorEvent =
  /** At every failure: `failures` in a row `since` an instant (epoch ms). */
  | {
      readonly kind: 'target_failed';
      readonly target: string;
      readonly code: ErrorCode;
      readonly detail: string;
      readonly since: number;
      readonly failures: number;
    }
  | {
      readonly kind: 'target_recovered';
      readonly target: string;
      readonly since: number;
      readonly failures: number;
    }
  /** It failed until now, and is on no list any more or somebody else's. */
  | {
      readonly kind: 'target_dropped';
      readonly target: string;
      readonly code: null;
      readonly detail: string;
    }
  /** Once when its scrapes begin to last longer than the interval, and when they no longer do (code null). */
  | {
      readonly kind: 'target_slow' | 'target_in_time';
      readonly target: string;
      readonly code: ErrorCode | null;
      readonly detail: string;
    }
  /** Once when a list of targets turns bad, in a new way, or good again (code null). */
  | {
      readonly kind: 'targets_changed' | 'targets_refused' | 'targets_mended';
      readonly code: ErrorCode | null;
      readonly where: string;
      readonly detail: string;
    }
  /** Once when requests begin to be put off, or one is refused after others were not; and when all is well (code null). */
  | {
      readonly kind: 'remote_write_refused' | 'remote_write_put_off' | 'remote_write_mended' | 'remote_write_resumed';
      readonly code: ErrorCode | null;
      readonly where: string;
      readonly detail: string;
    }
  /** Who shares the targets, or whose were taken over (code null); we were taken for dead; another has our name. */
  | {
      readonly kind: 'share_changed' | 'share_lost' | 'share_refused';
      readonly code: ErrorCode | null;
      readonly where: string;
      readonly detail: string;
    }
  | SpoolEvent;

/** Where edges go: the beginning of a trouble as `warn`, its end and other news as `info`. */
export interface CollectorLog {
  info(fields: CollectorEvent, text: string): void;
  warn(fields: CollectorEvent & { readonly code: ErrorCode }, text: string): void;
}

/**
 * Tells the beginning and the end of every trouble, once each; a target's trouble again when its kind changes. State: a code
 * per target that fails.
 */
export function edgeTeller(log: CollectorLog): (event: CollectorEvent) => void {
  const troubles = new Map<string, string>();
  return (event) => {
    if (event.kind === 'target_failed') {
      if (troubles.get(event.target) === event.code) return;
      troubles.set(event.target, event.code);
      log.warn(event, `target ${event.target} fails: ${event.detail}`);
    } else if (event.kind === 'target_recovered') {
      troubles.delete(event.target);
      log.info(event, `target ${event.target} answers again after ${event.failures} failures`);
    } else if (event.code === null) {
      if (event.kind === 'target_dropped') troubles.delete(event.target);
      log.info(event, event.detail);
    } else {
      log.warn({ ...event, code: event.code }, event.detail);
    }
  };
}

/** Whether a target keeps the pace of its scrapes. */
export const paceEvent = (target: string, slow: boolean): CollectorEvent =>
  slow
    ? {
        kind: 'target_slow',
        target,
        code: 'GV-COL-001',
        detail: `target ${target} often needs longer than the interval`,
      }
    : { kind: 'target_in_time', target, code: null, detail: `target ${target} answers within the interval again` };
