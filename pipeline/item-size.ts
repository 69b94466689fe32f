import type { Batch } from './contract/batch.ts';

/** What counters count: rows of a batch, members of a list, else one. */
export const sizeOf = (item: unknown): number =>
  item !== null && typeof item === 'object' && 'rows' in item && typeof item.rows === 'number'
    ? item.rows
    : Array.isArray(item)
      ? item.length
      : 1;

export const isBatch = (item: unknown): item is Batch =>
  item !== null && typeof item === 'object' && 'registry' in item && 'values' in item;
