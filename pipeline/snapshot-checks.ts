import type { SavedColumn } from '../operators/core/group-state.ts';
import { GROUPS } from './contract/ids.ts';
import type { RegistrySnapshot } from './contract/registry.ts';

/** A checksum tells damage, not who wrote a file: what is read must fit together before anything is made of it. */

export interface SnapshotHead {
  readonly version: number;
  readonly group: number;
  readonly position: number;
  readonly columns: readonly (Omit<SavedColumn, 'data'> & { readonly bytes: number })[];
}

const WIDTH_MAX = 65_536;
const TEXTS = ['uuid', 'instance', 'model', 'pci_bus_id', 'serial', 'slot'] as const;
const USER_TEXTS = ['namespace', 'pod', 'container', 'job'] as const;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const hasTexts = (value: unknown, names: readonly string[]): boolean =>
  isObject(value) && names.every((name) => typeof value[name] === 'string');

/** `element_bytes` has the types of columns. */
export function isHead(head: unknown, element_bytes: Readonly<Record<string, number>>): head is SnapshotHead {
  return (
    isObject(head) &&
    isCount(head.group) &&
    head.group <= GROUPS &&
    isCount(head.position) &&
    Array.isArray(head.columns) &&
    head.columns.every(
      (column: unknown) =>
        isObject(column) &&
        typeof column.step === 'string' &&
        typeof column.name === 'string' &&
        typeof column.type === 'string' &&
        Object.hasOwn(element_bytes, column.type) &&
        isCount(column.width) &&
        column.width <= WIDTH_MAX &&
        isCount(column.bytes) &&
        column.bytes % (element_bytes[column.type] as number) === 0,
    )
  );
}

/** Cost: a look at every name, some 30 ms for 100,000 GPUs. */
export function isRegistry(registry: unknown): registry is RegistrySnapshot {
  if (!isObject(registry)) return false;
  const { nodes, gpus, gpu_nodes, gpu_revisions, attributions, gpu_days, node_days, attribution_days } = registry;
  const numbers = (list: unknown, length: number): list is number[] =>
    Array.isArray(list) && list.length === length && list.every(Number.isSafeInteger);
  return (
    Array.isArray(nodes) &&
    nodes.every((name) => typeof name === 'string') &&
    numbers(node_days, nodes.length) &&
    Array.isArray(gpus) &&
    gpus.every((gpu) => hasTexts(gpu, TEXTS)) &&
    numbers(gpu_nodes, gpus.length) &&
    gpu_nodes.every((node) => node >= 0 && node < nodes.length) &&
    numbers(gpu_revisions, gpus.length) &&
    numbers(gpu_days, gpus.length) &&
    Array.isArray(attributions) &&
    attributions.every((list) => Array.isArray(list) && list.every((one) => hasTexts(one, USER_TEXTS))) &&
    numbers(attribution_days, attributions.length)
  );
}

/** Of records: JSON of [cell, record] pairs. */
export function areRecords(packed: Uint8Array): boolean {
  try {
    const pairs: unknown = JSON.parse(
      Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength).toString('utf8'),
    );
    return Array.isArray(pairs) && pairs.every((pair) => Array.isArray(pair) && pair.length === 2 && isCount(pair[0]));
  } catch {
    return false;
  }
}
