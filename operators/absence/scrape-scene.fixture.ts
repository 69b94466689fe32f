import type { Anomaly } from '../../pipeline/contract/events.ts';
import { minutes } from '../../pipeline/contract/time.ts';
import { GroupState } from '../core/group-state.ts';
import { batchOf, random, type SampleRow, START_MS } from '../core/laws.fixture.ts';
import { runOperator } from '../core/lift.ts';
import { type AbsenceOptions, type Arrival, absence, type Heartbeat } from './absence.ts';

export const ABSENCE_OPTIONS: AbsenceOptions = {
  lost_scrapes: 3,
  lost_after: minutes(1),
  partition_grace: minutes(15),
  frozen_after: minutes(5),
  frozen_scrapes: 10,
  heartbeat: minutes(1),
};
export const HOUR_MS = 3_600_000;

interface Told {
  readonly anomalies: Anomaly[];
  readonly heartbeats: Heartbeat[];
  readonly arrivals: Arrival[];
}

/** Everything the step tells of rows; `pci`: in which slot a GPU stands so long after the start. Cut at the scrape that changes it. */
export function runAbsence(rows: readonly SampleRow[], pci: (uuid: string, t: number) => string = () => ''): Told {
  const told: Told = { anomalies: [], heartbeats: [], arrivals: [] };
  const state = new GroupState(0);
  const slots = new Map<string, string>();
  let from = 0;
  const feed = (until: number): void => {
    const batch = batchOf(state, rows.slice(from, until));
    from = until;
    state.registry.gpus.forEach((identity, i) => {
      state.registry.gpus[i] = { ...identity, pci_bus_id: slots.get(identity.uuid) as string };
    });
    runOperator('absence', absence(ABSENCE_OPTIONS), state, batch, (port, item) =>
      (told[port] as unknown[]).push(item),
    );
  };
  rows.forEach(({ uuid, ts }) => {
    const slot = pci(uuid, ts - START_MS);
    if ((slots.get(uuid) ?? slot) !== slot) feed(rows.findIndex((one) => one.ts === ts));
    slots.set(uuid, slot);
  });
  feed(rows.length);
  return told;
}

export interface Scene {
  readonly cadence_ms: number;
  readonly gpus?: readonly string[];
  readonly until_ms?: number;
  /** Whether the GPU is in the scrape at that time since the start. */
  readonly there?: (gpu: string, t: number) => boolean;
  /** Offset of a row against its scrape. */
  readonly offset?: (gpu: number, t: number) => number;
  readonly node?: (gpu: string, t: number) => string;
  readonly values?: (gpu: number, t: number) => Record<string, number>;
}

export const EIGHT = Array.from({ length: 8 }, (_, i) => `GPU-${i}`);

/** Scrapes of eight GPUs for an hour, or of others; `uuid#instance` names a MIG instance. */
export function scrapes(scene: Scene): SampleRow[] {
  const noise = random(3);
  const rows: SampleRow[] = [];
  for (let t = 0; t <= (scene.until_ms ?? HOUR_MS); t += scene.cadence_ms) {
    (scene.gpus ?? EIGHT).forEach((gpu, i) => {
      if (scene.there && !scene.there(gpu, t)) return;
      const [uuid, instance = ''] = gpu.split('#') as [string, string?];
      rows.push({
        ts: START_MS + t + (scene.offset?.(i, t) ?? 0),
        node: scene.node?.(gpu, t) ?? 'n1',
        uuid,
        instance,
        values: scene.values?.(i, t) ?? { power_watts: 300 + noise() * 20, gpu_temp_celsius: 60 },
      });
    });
  }
  return rows;
}

export const brief = (told: Told): string[] =>
  told.anomalies.map((a) => `${a.type} ${a.severity} ${a.state} ${a.gpu_uuid}${a.instance}`);
export const minute = (n: number): number => n * 60_000;
