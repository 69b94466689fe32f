import type { ApiParts } from './api-parts.ts';

/** The newest instant that anything may tell of: a fleet that is simulated may be ahead of the wall clock. */
export function eventNow({ clock, view }: Pick<ApiParts, 'clock' | 'view'>): number {
  const [wall, event] = [clock.now(), view.newest_ts];
  return Number.isNaN(event) ? wall : Math.max(wall, event);
}
