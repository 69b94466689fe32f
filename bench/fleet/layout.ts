import { DIALECTS, type Dialect, type DialectKey, exportedMetrics } from './dialects.ts';
import type { RackPosition } from './environment.ts';
import { GPU_MODELS, type GpuModel, type GpuModelKey } from './gpu-models.ts';
import { MIG_SHAPES, type MigInstance } from './mig.ts';
import { chance, draw, draws, mix } from './random.ts';

export const GPUS_PER_NODE = 8;
const NODES_PER_RACK = 4;

/** One host: what stands in it and how its exporter talks. */
export interface FleetNode {
  readonly index: number;
  readonly name: string;
  readonly seed: number;
  readonly model: GpuModel;
  /** First GPU in the fleet's arrays, and how many. */
  readonly first: number;
  readonly gpus: number;
  readonly position: RackPosition;
  readonly dialect: Dialect;
  readonly exported: Uint8Array;
  readonly stock_counters: boolean;
  /** Nodes that take gang jobs together, and this node's place among them. */
  readonly gang: { readonly seed: number; readonly nodes: number; readonly rank: number };
  readonly mig: boolean;
  /** Also serves the row of the whole board beside its instances. */
  readonly parent_rows: boolean;
  /** Prints the sentinel where a board has no reading. */
  readonly leaks_blanks: boolean;
  /** GPUs shared by several pods: every sample is repeated under each. */
  readonly time_sliced: boolean;
  readonly slurm: boolean;
  readonly counts_xids: boolean;
  readonly serial_label: boolean;
  /** Clocks pinned below boost by an administrator. */
  readonly application_clock: boolean;
}

export interface Layout {
  readonly nodes: readonly FleetNode[];
  readonly gpus: number;
}

const SHARES: readonly (readonly [GpuModelKey, number])[] = [
  ['h100', 0.44],
  ['a100', 0.28],
  ['h200', 0.16],
  ['l4', 0.12],
];

const PLAIN: readonly DialectKey[] = ['v4', 'v3', 'v45', 'v46', 'v4', 'v3away', 'v46percent', 'v4'];

/** Deterministic from (gpus, seed): nodes of eight GPUs, four nodes a rack, models in blocks as machines are bought. */
export function createLayout(gpus: number, seed: number): Layout {
  const count = Math.ceil(gpus / GPUS_PER_NODE);
  const nodes: FleetNode[] = [];
  let rack = 0;
  for (const [key, of_model] of shareOut(count)) {
    const model: GpuModel = GPU_MODELS[key];
    const gangs = gangsOf(of_model, mix(seed, mix(0x6a06, rack)));
    for (let k = 0; k < of_model; k++) {
      const index = nodes.length;
      const node_seed = mix(seed, index + 0x10_0000);
      const first = index * GPUS_PER_NODE;
      const traits = traitsOf(key, k, of_model, node_seed);
      nodes.push({
        index,
        name: `${model.slug}-r${String(rack + Math.floor(k / NODES_PER_RACK) + 1).padStart(2, '0')}-n${(k % NODES_PER_RACK) + 1}`,
        seed: node_seed,
        model,
        first,
        gpus: Math.min(GPUS_PER_NODE, gpus - first),
        position: {
          rack: rack + Math.floor(k / NODES_PER_RACK),
          height: (k % NODES_PER_RACK) / (NODES_PER_RACK - 1),
        },
        gang: gangs[k] as FleetNode['gang'],
        ...traits,
      });
    }
    rack += Math.ceil(of_model / NODES_PER_RACK);
  }
  return { nodes, gpus };
}

/** Nodes per model by largest remainder, at least one of each from six nodes on. */
function shareOut(nodes: number): [GpuModelKey, number][] {
  if (nodes < 6)
    return [['h100', Math.ceil(nodes / 2)] as const, ['a100', Math.floor(nodes / 2)] as const]
      .filter(([, n]) => n > 0)
      .map(([k, n]) => [k, n]);
  const counts = SHARES.map(([key, share]): [GpuModelKey, number] => [key, Math.max(1, Math.floor(share * nodes))]);
  const total = counts.reduce((sum, [, n]) => sum + n, 0);
  (counts[0] as [GpuModelKey, number])[1] += nodes - total;
  return counts;
}

/** Cuts the nodes of one model into groups of 8, 4, 2 and 1 that take jobs together. */
function gangsOf(nodes: number, seed: number): FleetNode['gang'][] {
  const from = draws(seed);
  const out: FleetNode['gang'][] = [];
  while (out.length < nodes) {
    const left = nodes - out.length;
    const wish = [8, 4, 4, 2, 2, 1][Math.floor(draw(from) * 6)] as number;
    const size = Math.min(wish, left);
    const gang_seed = mix(seed, out.length);
    for (let rank = 0; rank < size; rank++) out.push({ seed: gang_seed, nodes: size, rank });
  }
  return out;
}

/** The k-th node of a model: special kinds come at fixed places, so that a small fleet has them too. */
function traitsOf(key: GpuModelKey, k: number, of_model: number, seed: number) {
  const mig = key === 'a100' && of_model > 2 && k % 5 === 3;
  const old = key === 'a100' && k % 11 === 5;
  const dialect_key: DialectKey = old
    ? 'v1'
    : key === 'l4' && k % 4 === 1
      ? 'v2'
      : mig
        ? 'v3'
        : (PLAIN[Math.floor(chance(seed, 1) * PLAIN.length)] as DialectKey);
  const dialect: Dialect = DIALECTS[dialect_key];
  const stock_counters = !mig && k > 0 && k % 7 === 2;
  return {
    dialect,
    stock_counters,
    exported: exportedMetrics(dialect, stock_counters),
    mig,
    parent_rows: mig && k % 10 === 8,
    leaks_blanks: dialect_key === 'v2' || (k > 0 && k % 9 === 6),
    time_sliced: key === 'l4' && k % 3 === 0,
    slurm: key === 'h200' && k % 4 === 2,
    counts_xids: !stock_counters && dialect.xid_text && chance(seed, 3) < 0.5,
    serial_label: !stock_counters && dialect.pci_label && chance(seed, 4) < 0.6,
    application_clock: key === 'a100' && k % 8 === 1,
  };
}

/** Who a GPU is. */
export interface GpuIdentity {
  readonly uuid: string;
  readonly serial: string;
  readonly pci_bus_id: string;
  readonly slot: string;
}

const BUSES = ['07', '0F', '47', '4E', '87', '90', 'B7', 'BD'];
const hex8 = (n: number): string => n.toString(16).padStart(8, '0');

export function identityOf(seed: number, gpu: number, slot: number): GpuIdentity {
  const a = mix(seed ^ 0x1d, gpu);
  const b = mix(a, 1);
  const c = mix(a, 2);
  const d = mix(a, 3);
  const hb = hex8(b);
  const hc = hex8(c);
  return {
    uuid: `GPU-${hex8(a)}-${hb.slice(0, 4)}-${hb.slice(4)}-${hc.slice(0, 4)}-${hc.slice(4)}${hex8(d)}`,
    serial: `16${String(mix(a, 4)).padStart(10, '0')}`.slice(0, 13).padEnd(13, '0'),
    pci_bus_id: `00000000:${BUSES[slot % 8] as string}:00.0`,
    slot: String(slot),
  };
}

/** Slices of a GPU on a MIG node; none elsewhere. */
export const instancesOf = (node: FleetNode, gpu: number): readonly MigInstance[] =>
  node.mig ? (MIG_SHAPES[mix(node.seed, gpu) % MIG_SHAPES.length] as readonly MigInstance[]) : [];
