import { describe, expect, it } from 'vitest';
import type { Asset } from '../../client/api-client.ts';
import { assetMatches, changesOf, draftOf, sortAssets, valuesOf } from './asset-fields.ts';

const asset = (gpu_uuid: string, changes: Partial<Asset> = {}): Asset => ({
  ...{ ts: '2026-01-01T00:00:00.000Z', gpu_uuid, node: 'n1', model: 'H100', serial: '1', pci_bus_id: '' },
  ...{ cluster: 'c1', rack: 'r1', slot: '0', owner: 'ml', tenant: '', note: '', status: 'active' },
  ...{ deployed_at: '2025-06-01T10:00:00.000Z', warranty_until: null, purchase_price: 30_000, operating_hours: null },
  ...{ registered_at: '2025-06-01T10:00:00.000Z', retired_at: null },
  ...changes,
});

describe('a draft of an asset', () => {
  const before = asset('GPU-a');
  it.each<[Record<string, string>, object]>([
    [{}, {}],
    [{ owner: ' ml ' }, {}],
    [
      { owner: 'hpc', rack: '' },
      { owner: 'hpc', rack: '' },
    ],
    [{ purchase_price: '' }, { purchase_price: null }],
    [{ purchase_price: '12.5' }, { purchase_price: 12.5 }],
    [{ purchase_price: 'dear' }, { purchase_price: 'dear' }],
    [{ deployed_at: '' }, { deployed_at: null }],
    [{ warranty_until: '2028-01-01' }, { warranty_until: '2028-01-01' }],
    [{ status: 'maintenance' }, { status: 'maintenance' }],
  ])('%j changes %j', (typed, expected) => {
    expect(changesOf(before, { ...draftOf(before), ...typed })).toEqual(expected);
  });
});

it('assets are found by words and fields, sorted with the unknown last, and counted', () => {
  const all = [
    asset('GPU-a', { rack: 'r10' }),
    asset('GPU-b', { rack: '', note: 'on the shelf' }),
    asset('GPU-c', { rack: 'r2' }),
  ];
  const none = { q: '', status: '', owner: '', cluster: '', rack: '', model: '' };
  const found = (filter: object): string =>
    all
      .filter((one) => assetMatches(one, { ...none, ...filter }))
      .map(({ gpu_uuid }) => gpu_uuid)
      .join(' ');
  expect(found({ q: 'SHELF' })).toBe('GPU-b');
  expect(found({ rack: '-' })).toBe('GPU-b');
  expect(found({ rack: 'r2', owner: 'ml' })).toBe('GPU-c');
  expect(sortAssets(all, 'rack').map(({ gpu_uuid }) => gpu_uuid)).toEqual(['GPU-c', 'GPU-a', 'GPU-b']);
  expect(sortAssets(all, '-rack').map(({ gpu_uuid }) => gpu_uuid)).toEqual(['GPU-a', 'GPU-c', 'GPU-b']);
  expect(valuesOf(all, 'rack')).toEqual([
    ['-', 1],
    ['r2', 1],
    ['r10', 1],
  ]);
});
