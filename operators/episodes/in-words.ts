import type { Episode, RecoveryAction, Severity } from '../../pipeline/contract/events.ts';

/** An instant as people read it, to the second: `2026-01-01 00:10:00 UTC`. */
export const instantText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** A span in its two largest units: `40 s`, `12 min`, `5 h 12 min`, `3 d 1 h`. */
export function spanText(ms: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1_000],
  ] as const;
  const first = units.findIndex(([, size]) => ms >= size);
  if (first < 0) return `${Math.max(0, Math.round(ms))} ms`;
  const [unit, size] = units[first] as (typeof units)[number];
  const whole = `${Math.floor(ms / size)} ${unit}`;
  const smaller = units[first + 1];
  if (smaller === undefined || unit === 'min') return whole;
  const rest = Math.floor((ms % size) / smaller[1]);
  return rest === 0 ? whole : `${whole} ${rest} ${smaller[0]}`;
}

/** The order of an action as a sentence begins with it. */
export const ACTION_TEXT: Readonly<Record<RecoveryAction, string>> = {
  none: 'Nothing to do',
  restart_application: 'Restart the application',
  reset_gpu: 'Reset the GPU',
  reboot_node: 'Reboot the node',
  drain_and_reset: 'Drain the GPU and reset it',
  replace_gpu: 'Take the GPU out and replace it',
};

/** The same for a story of some severity: a critical one without an action is not one in which nothing is to be done. */
export const actionText = (action: RecoveryAction, severity: Severity): string =>
  action === 'none' && severity !== 'info' ? 'No reset yet' : ACTION_TEXT[action];

/** The same for a GPU to replace for which the driver asks for something that contains its fault until then. */
export const containText = (contain: RecoveryAction): string =>
  `${ACTION_TEXT[contain]} to contain it, then replace ${contain === 'reboot_node' ? 'the GPU' : 'it'}`;

const CONTAIN_TEXTS: readonly string[] = (Object.keys(ACTION_TEXT) as RecoveryAction[]).map(containText);

/** The order that an episode's explanation gives. */
export const orderOf = ({
  action,
  severity,
  explanation,
}: Pick<Episode, 'action' | 'severity' | 'explanation'>): string =>
  (action === 'replace_gpu' ? CONTAIN_TEXTS.find((text) => explanation.includes(` ${text}: `)) : undefined) ??
  actionText(action, severity);

/** Rank of severities. */
export const SEVERITY_RANK: Readonly<Record<Severity, number>> = { info: 0, warning: 1, critical: 2 };

/** The graver of two severities. */
export const graver = (a: Severity, b: Severity): Severity => (SEVERITY_RANK[a] >= SEVERITY_RANK[b] ? a : b);
