import type { Alert, Silence } from '../contract/alerts.ts';
import { type InhibitionRule, inhibitions } from './inhibitions.ts';
import { silenceOf } from './silences.ts';

/** Why an alert is told to nobody; empty texts when it is. */
export interface Quiet {
  /** Id of the silence; `asset` when the inventory has the GPU (or the whole node) in maintenance. */
  readonly silenced_by: string;
  /** Id of the alert that explains it. */
  readonly inhibited_by: string;
}

export interface QuietWorld {
  readonly silences: Iterable<Silence>;
  readonly rules: readonly InhibitionRule[];
  /** The inventory has all that it is about in maintenance. */
  readonly maintained: (alert: Alert) => boolean;
}

export const AUDIBLE: Quiet = { silenced_by: '', inhibited_by: '' };

/** The quiet ones among the open alerts, by id. */
export function quietOnes(open: readonly Alert[], world: QuietWorld, now: number): ReadonlyMap<string, Quiet> {
  const inhibited = inhibitions(open, world.rules);
  const silences = [...world.silences];
  const quiet = new Map<string, Quiet>();
  for (const alert of open) {
    const silenced_by = silenceOf(alert, silences, now)?.id ?? (world.maintained(alert) ? 'asset' : '');
    const inhibited_by = inhibited.get(alert.id) ?? '';
    if (silenced_by !== '' || inhibited_by !== '') quiet.set(alert.id, { silenced_by, inhibited_by });
  }
  return quiet;
}

export const isQuiet = ({ silenced_by, inhibited_by }: Quiet): boolean => silenced_by !== '' || inhibited_by !== '';
