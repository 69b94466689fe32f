import type { Attribution } from '../../pipeline/contract/events.ts';
import { chance, mix, wander } from './random.ts';

/** One slice of a board. */
export interface MigInstance {
  /** GPU_I_ID, as text: it is a label. */
  readonly id: string;
  readonly profile: string;
  /** Compute slices of seven, memory slices of eight. */
  readonly compute: number;
  readonly memory: number;
}

// biome-ignore format: a table
export const MIG_SHAPES: readonly (readonly MigInstance[])[] = [
  [7, 8, 9, 10, 11, 12, 13].map((id) => ({ id: String(id), profile: '1g.10gb', compute: 1, memory: 1 })),
  [{ id: '1', profile: '3g.40gb', compute: 3, memory: 4 }, { id: '2', profile: '3g.40gb', compute: 3, memory: 4 }],
  [{ id: '1', profile: '3g.40gb', compute: 3, memory: 4 }, { id: '5', profile: '2g.20gb', compute: 2, memory: 2 }, { id: '13', profile: '1g.10gb', compute: 1, memory: 1 }],
  [3, 4, 5].map((id) => ({ id: String(id), profile: '2g.20gb', compute: 2, memory: 2 })),
];

const TENANCY_MS = 5 * 3_600_000;

/** What runs in a slice at an instant: 0 nothing, else how busy its own share of the board is. A function, no state. */
export function sliceLoad(gpu_seed: number, instance: MigInstance, ts_ms: number): { tenant: number; load: number } {
  const seed = mix(gpu_seed, Number(instance.id));
  const turn = Math.floor((ts_ms + chance(seed, 9) * TENANCY_MS) / TENANCY_MS);
  const tenant = mix(seed, turn);
  if (chance(tenant, 1) < 0.35) return { tenant: 0, load: 0 };
  return { tenant, load: 0.06 + 0.74 * chance(tenant, 2) * (0.7 + 0.3 * wander(tenant, ts_ms / 90_000)) };
}

const TEAMS = ['research', 'notebooks', 'ml-platform', 'students'];

export function sliceAttribution(tenant: number): Attribution {
  const team = TEAMS[tenant % TEAMS.length] as string;
  return { namespace: team, pod: `jupyter-${mix(tenant, 7).toString(36)}`, container: 'notebook', job: '' };
}
