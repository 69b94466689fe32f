import type { GpuIdentity } from '../../pipeline/contract/registry.ts';
import { hours } from '../../pipeline/contract/time.ts';

/** GPUs of a node: the UUID of a whole board, or UUID and MIG instance. */
export type Roster = readonly (string | readonly [gpu_uuid: string, instance: string])[];

export const rosterOf = (gpus: readonly GpuIdentity[]): Roster =>
  gpus.map(({ uuid, instance }) => (instance === '' ? uuid : ([uuid, instance] as const)));

/** A number that changes with the names and their order; never 0. */
export function rosterHash(gpus: readonly GpuIdentity[]): number {
  let hash = 0x811c9dc5;
  const mix = (text: string): void => {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ 0x1f, 0x01000193);
  };
  for (const { uuid, instance } of gpus) {
    mix(uuid);
    mix(instance);
  }
  return (hash | 1) >>> 0;
}

const HOUR_MS = hours(1);

/** Whether an unchanged roster is due again: once an hour, nodes spread over it, in case whoever keeps it has lost it. */
export const rosterDue = (hash: number, before: number, now: number): boolean =>
  Math.floor((before + (hash % HOUR_MS)) / HOUR_MS) !== Math.floor((now + (hash % HOUR_MS)) / HOUR_MS);
