import type { Asset, Episode, Incident } from '../../pipeline/contract/events.ts';
import { hours, minutes, seconds } from '../../pipeline/contract/time.ts';
import { GroupState } from '../core/group-state.ts';
import { keepForFleet } from '../core/keep-for-fleet.fixture.ts';
import { START_MS } from '../core/laws.fixture.ts';
import { finishFleet, fleetSpecs, runFleet } from '../core/run-fleet.ts';
import { type IncidentsOptions, incidents } from './incidents.ts';

export const OPTIONS: IncidentsOptions = { window: minutes(2), delay: seconds(10), keep_closed: hours(3) };
export const at = (s: number): number => START_MS + s * 1_000;

export interface Fault extends Partial<Episode> {
  /** Seconds; an episode that grows is told again later under the same beginning. */
  readonly at: number;
  readonly told?: number;
  readonly gpu: string;
}

/** An episode of a GPU `node/slot`, told at `told`. */
export function episode({ at: begins, told: _, gpu, ...rest }: Fault): Episode {
  const started_at = at(begins);
  return {
    ts: started_at,
    gpu_uuid: gpu.includes('/') ? `GPU-${gpu}` : '',
    node: gpu.split('/')[0] as string,
    instance: '',
    id: `e-${gpu}-${begins}`,
    xids: [],
    primary_xid: rest.xids?.[0] ?? null,
    anomalies: [],
    severity: 'critical',
    category: 'unknown',
    action: 'reset_gpu',
    explanation: '',
    started_at,
    ended_at: null,
    count: 1,
    reset_at: null,
    cured: null,
    job: '',
    ...rest,
  };
}

function asset(node: string, slot: number, model: string, rack: string): Asset {
  const unknown = { serial: '', slot: '', owner: '', tenant: '', status: 'active', note: '' };
  const none = {
    deployed_at: null,
    warranty_until: null,
    purchase_price: null,
    operating_hours: null,
    retired_at: null,
  };
  const ids = { ts: START_MS, registered_at: START_MS, gpu_uuid: `GPU-${node}/${slot}`, node, pci_bus_id: `0:${slot}` };
  return { ...unknown, ...none, ...ids, model, cluster: 'c', rack };
}

export const gpus = (nodes: readonly string[], per_node: number): string[] =>
  nodes.flatMap((node) => Array.from({ length: per_node }, (_, slot) => `${node}/${slot}`));
export const HGX = ['h1', 'h2', 'h3', 'h4'];
export const NVL72 = Array.from({ length: 18 }, (_, i) => `g${i + 1}`);
export const FLEET: Asset[] = [
  ...HGX.flatMap((node, i) =>
    Array.from({ length: 8 }, (_, slot) => asset(node, slot, 'NVIDIA H100 80GB HBM3', i < 3 ? 'rack-h' : 'rack-i')),
  ),
  ...NVL72.flatMap((node) => Array.from({ length: 4 }, (_, slot) => asset(node, slot, 'NVIDIA GB200', 'rack-g'))),
  // A board that was swapped: its node still has eight.
  { ...asset('h1', 0, 'NVIDIA H100 80GB HBM3', 'rack-h'), gpu_uuid: 'GPU-old' },
];

/** Tells episodes in the order of `told`, in pieces of `piece`, and what incidents come of it. */
export function run(
  faults: readonly Fault[],
  options: { piece?: number; restore?: boolean; assets?: Asset[] } = {},
): Incident[] {
  const operator = incidents(OPTIONS);
  let fleet = new GroupState(0);
  const out: Incident[] = [];
  const emit = (_: unknown, item: Incident): void => {
    out.push(item);
  };
  for (const one of options.assets ?? FLEET) keepForFleet('i', operator, fleet, 'assets', one, START_MS);
  const ordered = faults.toSorted((a, b) => (a.told ?? a.at) - (b.told ?? b.at));
  for (let i = 0; i < ordered.length; i += options.piece ?? 1) {
    const piece = ordered.slice(i, i + (options.piece ?? 1));
    for (const one of piece) keepForFleet('i', operator, fleet, 'episodes', episode(one), at(one.told ?? one.at));
    const [last] = piece.slice(-1) as [Fault];
    runFleet('i', operator, fleet, { began: START_MS, now: at(last.told ?? last.at) }, emit);
    if (options.restore) fleet = GroupState.restore(structuredClone(fleet.save()), new Map(fleetSpecs('i', operator)));
  }
  finishFleet('i', operator, fleet, at(86_400), emit);
  return out;
}

export const lastOf = (told: readonly Incident[]): Incident[] => [
  ...new Map(told.map((one) => [one.id, one])).values(),
];
export const brief = (told: readonly Incident[]): string[] =>
  lastOf(told).map(
    ({ scope, origin, category, severity, action, state, gpus: of, nodes }) =>
      `${scope} ${origin} ${category} ${severity} ${action} ${state} ${of.length} GPUs ${nodes.length} nodes`,
  );
