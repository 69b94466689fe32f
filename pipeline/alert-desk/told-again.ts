import type { Alert } from '../contract/alerts.ts';
import { minutes } from '../contract/time.ts';
import type { DeskGroup, DeskState } from './desk-state.ts';

/** What changed less long ago is told as it is. */
const FRESH_MS = minutes(5);

/**
 * Open alerts that a message of now may tell long after they changed: of groups that are told of again, and what went to others
 * because nobody had acknowledged it. How they stand is worth looking up before.
 */
export function toldAgain(
  { groups, entries }: Pick<DeskState, 'groups' | 'entries'>,
  repeat_at: (group: DeskGroup) => number,
  now: number,
): Alert[] {
  const found = new Map<string, Alert>();
  for (const group of groups.values()) {
    const again = repeat_at(group) <= now;
    for (const [id, { told, by_escalation }] of group.members) {
      const entry = entries.get(id);
      if (entry === undefined || entry.alert.state === 'closed' || now - entry.changed_at < FRESH_MS) continue;
      if (again || (told === null && by_escalation)) found.set(id, entry.alert);
    }
  }
  return [...found.values()];
}
