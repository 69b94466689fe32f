import { days } from '../contract/time.ts';
import type { DeskState } from './desk-state.ts';

const OVER_KEPT_MS = days(7);
const OVER_MAX = 20_000;

/** Lets go of alerts whose end was told everywhere, of groups without any, and of what has been over for long. */
export function sweepDesk(state: DeskState, now: number): void {
  for (const [id, { alert, places }] of state.entries) {
    if (alert.state === 'open' || Object.keys(places).length > 0) continue;
    state.entries.delete(id);
    state.over.set(id, now);
  }
  for (const [id, group] of state.groups) if (group.members.size === 0) state.groups.delete(id);
  for (const [id, at] of state.over) {
    if (state.over.size <= OVER_MAX && now - at <= OVER_KEPT_MS) break;
    state.over.delete(id);
  }
}
