import type { Attribution } from './events.ts';

/** What is known of a GPU from its scrapes. */
export interface GpuIdentity {
  readonly uuid: string;
  readonly instance: string;
  readonly model: string;
  readonly pci_bus_id: string;
  readonly serial: string;
  readonly slot: string;
}

/** The names of one group, ready for a snapshot. */
export interface RegistrySnapshot {
  readonly nodes: readonly string[];
  readonly gpus: readonly GpuIdentity[];
  readonly gpu_nodes: readonly number[];
  readonly gpu_revisions: readonly number[];
  readonly attributions: readonly (readonly Attribution[])[];
  /** Day (since the epoch) on which each was last seen; -1 = the index is free. */
  readonly gpu_days: readonly number[];
  readonly node_days: readonly number[];
  readonly attribution_days: readonly number[];
}

/** What a sweep has let go of: whoever keeps something by these indexes clears it. */
export interface Swept {
  readonly gpus: readonly number[];
  readonly nodes: readonly number[];
}

const DAY_MS = 86_400_000;
const FREE = -1;
const NONE: readonly number[] = [];
const NOBODY: GpuIdentity = { uuid: '', instance: '', model: '', pci_bus_id: '', serial: '', slot: '' };
const keyOf = (uuid: string, instance: string): string => (instance === '' ? uuid : `${uuid}\u001f${instance}`);

/**
 * Dense indexes for the GPUs, nodes and attributions of one key group. Identity is (UUID, MIG instance); everything else
 * may change and is updated in place. What was not seen for long is swept, and its index given to the next that comes; a
 * free index has empty names. Cost: one Map look-up per row at most; about 64 B a key plus the texts.
 */
export class Registry {
  readonly group: number;
  readonly nodes: string[] = [];
  readonly gpus: GpuIdentity[] = [];
  /** Node index on which the GPU was last seen. */
  readonly gpuNodes: number[] = [];
  /** From 1; rises whenever anything known of the GPU changes, so that others can tell cheaply. */
  readonly gpuRevisions: number[] = [];
  readonly attributions: (readonly Attribution[])[] = [[]];
  /** Rises with every sweep that freed an index: what was kept by index before may mean another now. */
  sweeps = 0;
  private readonly gpuDays: number[] = [];
  private readonly nodeDays: number[] = [];
  private readonly attributionDays: number[] = [Number.MAX_SAFE_INTEGER];
  private readonly nodeIndex = new Map<string, number>();
  private readonly gpuIndex = new Map<string, number>();
  /** Indexes of the rows of boards that are cut into instances, by UUID. */
  private readonly cut = new Map<string, number[]>();
  private readonly attributionIndex = new Map<string, number>([['[]', 0]]);
  private readonly free: { gpus: number[]; nodes: number[]; attributions: number[] } = {
    gpus: [],
    nodes: [],
    attributions: [],
  };
  /** The last snapshot, while nothing has changed since. */
  private saved: RegistrySnapshot | null = null;

  constructor(group: number) {
    this.group = group;
  }

  /** GPUs and instances that are known now. */
  get size(): number {
    return this.gpuIndex.size;
  }

  node(name: string): number {
    let index = this.nodeIndex.get(name);
    if (index === undefined) {
      this.saved = null;
      index = this.free.nodes.pop() ?? this.nodes.length;
      this.nodes[index] = name;
      this.nodeDays[index] = 0;
      this.nodeIndex.set(name, index);
    }
    return index;
  }

  gpu(identity: GpuIdentity, node: number): number {
    const key = keyOf(identity.uuid, identity.instance);
    let index = this.gpuIndex.get(key);
    if (index === undefined) {
      this.saved = null;
      index = this.free.gpus.pop() ?? this.gpus.length;
      const { uuid, instance, model, pci_bus_id, serial, slot } = identity;
      this.gpus[index] = { uuid, instance, model, pci_bus_id, serial, slot };
      this.gpuNodes[index] = node;
      this.gpuRevisions[index] = (this.gpuRevisions[index] ?? 0) + 1;
      this.gpuDays[index] = 0;
      this.gpuIndex.set(key, index);
      if (instance !== '') this.noteInstance(uuid, index);
      return index;
    }
    const known = this.gpus[index] as GpuIdentity;
    const model = identity.model || known.model;
    const pci_bus_id = identity.pci_bus_id || known.pci_bus_id;
    const serial = identity.serial || known.serial;
    const slot = identity.slot || known.slot;
    if (
      model !== known.model ||
      pci_bus_id !== known.pci_bus_id ||
      serial !== known.serial ||
      slot !== known.slot ||
      this.gpuNodes[index] !== node
    ) {
      this.saved = null;
      this.gpus[index] = { uuid: known.uuid, instance: known.instance, model, pci_bus_id, serial, slot };
      this.gpuNodes[index] = node;
      this.gpuRevisions[index] = (this.gpuRevisions[index] as number) + 1;
    }
    return index;
  }

  /** Index of a GPU that was seen before; -1 for any other. */
  find(uuid: string, instance: string): number {
    return this.gpuIndex.get(keyOf(uuid, instance)) ?? -1;
  }

  /** Whether a row of this GPU on this node would change nothing. */
  knows({ uuid, instance, model, pci_bus_id, serial, slot }: GpuIdentity, node: string): boolean {
    const index = this.gpuIndex.get(keyOf(uuid, instance));
    if (index === undefined || this.gpuNodes[index] !== this.nodeIndex.get(node)) return false;
    const known = this.gpus[index] as GpuIdentity;
    const same = (told: string, before: string): boolean => told === '' || told === before;
    return (
      same(model, known.model) &&
      same(pci_bus_id, known.pci_bus_id) &&
      same(serial, known.serial) &&
      same(slot, known.slot)
    );
  }

  /** Indexes of the MIG instances of a board, lowest first. */
  instancesOf(uuid: string): readonly number[] {
    return this.cut.get(uuid) ?? NONE;
  }

  attribution(list: readonly Attribution[]): number {
    if (list.length === 0) return 0;
    const key = JSON.stringify(list);
    let index = this.attributionIndex.get(key);
    if (index === undefined) {
      this.saved = null;
      index = this.free.attributions.pop() ?? this.attributions.length;
      this.attributions[index] = list;
      this.attributionDays[index] = 0;
      this.attributionIndex.set(key, index);
    }
    return index;
  }

  /** Notes that a row of this GPU, node and attribution came at `ts`. Cost: three comparisons, but once a day. */
  see(gpu: number, node: number, attribution: number, ts: number): void {
    const day = Math.floor(ts / DAY_MS);
    if (day > (this.gpuDays[gpu] as number)) {
      this.gpuDays[gpu] = day;
      this.saved = null;
    }
    if (day > (this.nodeDays[node] as number)) {
      this.nodeDays[node] = day;
      this.saved = null;
    }
    if (day > (this.attributionDays[attribution] as number)) {
      this.attributionDays[attribution] = day;
      this.saved = null;
    }
  }

  /**
   * Lets go of everything that was last seen before the day of `ts`. The first row of a board that is cut, where steps keep
   * what all its rows share, is as new as the newest of its instances, so that nothing of it is lost while one reports.
   */
  sweep(ts: number): Swept {
    const day = Math.floor(ts / DAY_MS);
    for (const [uuid, instances] of this.cut) this.keepFirst(uuid, instances);
    const stale = (days: readonly number[]): number[] =>
      days.flatMap((seen, index) => (seen !== FREE && seen < day ? [index] : []));
    const swept = { gpus: stale(this.gpuDays), nodes: stale(this.nodeDays) };
    const attributions = stale(this.attributionDays);
    for (const index of swept.gpus) {
      const { uuid, instance } = this.gpus[index] as GpuIdentity;
      this.gpuIndex.delete(keyOf(uuid, instance));
      if (instance !== '') this.forgetInstance(uuid, index);
      this.gpus[index] = NOBODY;
      this.gpuDays[index] = FREE;
      this.free.gpus.push(index);
    }
    for (const index of swept.nodes) {
      this.nodeIndex.delete(this.nodes[index] as string);
      this.nodes[index] = '';
      this.nodeDays[index] = FREE;
      this.free.nodes.push(index);
    }
    for (const index of attributions) {
      this.attributionIndex.delete(JSON.stringify(this.attributions[index]));
      this.attributions[index] = [];
      this.attributionDays[index] = FREE;
      this.free.attributions.push(index);
    }
    if (swept.gpus.length + swept.nodes.length + attributions.length > 0) {
      this.sweeps += 1;
      this.saved = null;
    }
    return swept;
  }

  /** The names as they are now; the same object as long as nothing changes. */
  snapshot(): RegistrySnapshot {
    this.saved ??= {
      nodes: [...this.nodes],
      gpus: [...this.gpus],
      gpu_nodes: [...this.gpuNodes],
      gpu_revisions: [...this.gpuRevisions],
      attributions: [...this.attributions],
      gpu_days: [...this.gpuDays],
      node_days: [...this.nodeDays],
      attribution_days: [...this.attributionDays],
    };
    return this.saved;
  }

  static restore(group: number, saved: RegistrySnapshot): Registry {
    const registry = new Registry(group);
    const take = <T>(from: readonly T[], into: T[]): void => {
      // One by one: as arguments a hundred thousand of them would not fit the stack.
      into.length = 0;
      for (const item of from) into.push(item);
    };
    take(saved.nodes, registry.nodes);
    take(saved.gpus, registry.gpus);
    take(saved.gpu_nodes, registry.gpuNodes);
    take(saved.gpu_revisions, registry.gpuRevisions);
    take(saved.attributions, registry.attributions);
    take(saved.gpu_days, registry.gpuDays);
    take(saved.node_days, registry.nodeDays);
    take(saved.attribution_days, registry.attributionDays);
    saved.gpus.forEach(({ uuid, instance }, index) => {
      if (saved.gpu_days[index] === FREE) registry.free.gpus.push(index);
      else {
        registry.gpuIndex.set(keyOf(uuid, instance), index);
        if (instance !== '') registry.noteInstance(uuid, index);
      }
    });
    saved.nodes.forEach((name, index) => {
      if (saved.node_days[index] === FREE) registry.free.nodes.push(index);
      else registry.nodeIndex.set(name, index);
    });
    saved.attributions.forEach((list, index) => {
      if (saved.attribution_days[index] === FREE) registry.free.attributions.push(index);
      else registry.attributionIndex.set(JSON.stringify(list), index);
    });
    return registry;
  }

  private keepFirst(uuid: string, instances: readonly number[]): void {
    const own = this.find(uuid, '');
    const first = own < 0 ? (instances[0] as number) : own;
    const dayOf = (gpu: number): number => this.gpuDays[gpu] as number;
    const newest = instances.reduce((newer, gpu) => (dayOf(gpu) > dayOf(newer) ? gpu : newer), first);
    if (newest === first) return;
    this.saved = null;
    this.gpuDays[first] = dayOf(newest);
    // Its node may be swept now, and this index given to another.
    if (this.gpuNodes[first] === this.gpuNodes[newest]) return;
    this.gpuNodes[first] = this.gpuNodes[newest] as number;
    this.gpuRevisions[first] = (this.gpuRevisions[first] as number) + 1;
  }

  /** By index: an order that a restored registry has too. */
  private noteInstance(uuid: string, index: number): void {
    const known = this.cut.get(uuid);
    if (known === undefined) {
      this.cut.set(uuid, [index]);
      return;
    }
    known.push(index);
    known.sort((a, b) => a - b);
  }

  private forgetInstance(uuid: string, index: number): void {
    const left = (this.cut.get(uuid) ?? NONE).filter((one) => one !== index);
    if (left.length === 0) this.cut.delete(uuid);
    else this.cut.set(uuid, left);
  }
}
