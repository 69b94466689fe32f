import { days, minutes, seconds } from '../../pipeline/contract/time.ts';
import { START_MS } from '../core/laws.fixture.ts';
import type { FleetEntry } from './fleet-driver.fixture.ts';
import type { Roster } from './roster.ts';
import type { SilentNodesOptions } from './silent-nodes.ts';

export const OPTIONS: SilentNodesOptions = {
  silent_after: minutes(2),
  silent_scrapes: 3,
  warning_after: minutes(5),
  critical_after: minutes(15),
  forget_after: days(7),
  heartbeat: minutes(1),
  delay: seconds(15),
  profile: 'default',
};
export const HOUR_MS = 3_600_000;
export const minute = (n: number): number => n * 60_000;

export const GPUS = (node: string): Roster => [`GPU-${node}-0`, [`GPU-${node}-1`, '3']];

export interface Scene {
  readonly nodes: readonly string[];
  readonly cadence_ms: number;
  readonly until_ms?: number;
  readonly there?: (node: string, t: number) => boolean;
}

/** Heartbeats as `absence` tells them: at a node's scrapes, a minute apart at least. */
export function beats({ nodes, cadence_ms, until_ms = 2 * HOUR_MS, there = () => true }: Scene): FleetEntry[] {
  const last = new Map<string, number>();
  const entries: FleetEntry[] = [];
  for (let t = 0; t <= until_ms; t += cadence_ms) {
    nodes.forEach((node, i) => {
      const ts = START_MS + t + ((i * 377) % Math.min(cadence_ms, 10_000));
      if (!there(node, t) || ts - (last.get(node) ?? 0) < 60_000) return;
      const gpus = last.has(node) ? {} : { gpus: GPUS(node) };
      last.set(node, ts);
      entries.push({ input: 'heartbeats', item: { ts, node, cadence_ms, ...gpus } });
    });
  }
  return entries.sort((a, b) => a.item.ts - b.item.ts);
}

export const FIVE = ['n1', 'n2', 'n3', 'n4', '101'];
