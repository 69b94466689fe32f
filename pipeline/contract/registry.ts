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
}

const keyOf = (uuid: string, instance: string): string => (instance === '' ? uuid : `${uuid}\u001f${instance}`);

/**
 * Dense indexes for the GPUs, nodes and attributions of one key group. Identity is (UUID, MIG instance); everything else
 * may change and is updated in place. Cost: one Map look-up per row at most; about 64 B a key plus the texts.
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
  private readonly nodeIndex = new Map<string, number>();
  private readonly gpuIndex = new Map<string, number>();
  /** The last snapshot, while nothing has changed since. */
  private saved: RegistrySnapshot | null = null;
  private readonly attributionIndex = new Map<string, number>([['[]', 0]]);

  constructor(group: number) {
    this.group = group;
  }

  node(name: string): number {
    let index = this.nodeIndex.get(name);
    if (index === undefined) {
      this.saved = null;
      index = this.nodes.push(name) - 1;
      this.nodeIndex.set(name, index);
    }
    return index;
  }

  gpu(identity: GpuIdentity, node: number): number {
    const key = keyOf(identity.uuid, identity.instance);
    let index = this.gpuIndex.get(key);
    if (index === undefined) {
      this.saved = null;
      index = this.gpus.push(identity) - 1;
      this.gpuNodes.push(node);
      this.gpuRevisions.push(1);
      this.gpuIndex.set(key, index);
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

  attribution(list: readonly Attribution[]): number {
    if (list.length === 0) return 0;
    const key = JSON.stringify(list);
    let index = this.attributionIndex.get(key);
    if (index === undefined) {
      this.saved = null;
      index = this.attributions.push(list) - 1;
      this.attributionIndex.set(key, index);
    }
    return index;
  }

  /** The names as they are now; the same object as long as nothing changes. */
  snapshot(): RegistrySnapshot {
    this.saved ??= {
      nodes: [...this.nodes],
      gpus: [...this.gpus],
      gpu_nodes: [...this.gpuNodes],
      gpu_revisions: [...this.gpuRevisions],
      attributions: [...this.attributions],
    };
    return this.saved;
  }

  static restore(group: number, saved: RegistrySnapshot): Registry {
    const registry = new Registry(group);
    for (const name of saved.nodes) registry.node(name);
    saved.gpus.forEach((identity, i) => {
      registry.gpu(identity, saved.gpu_nodes[i] ?? 0);
      registry.gpuRevisions[i] = saved.gpu_revisions[i] ?? 1;
    });
    for (const list of saved.attributions) registry.attribution(list);
    return registry;
  }
}
