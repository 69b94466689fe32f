import { describe, expect, it } from 'vitest';
import { Assets } from './asset-book.ts';
import { formatAssetsCsv, parseAssetsCsv } from './asset-csv.ts';

const NOW = Date.UTC(2026, 0, 1);

describe('inventory as CSV', () => {
  it('reads what it writes', () => {
    const text = [
      'gpu_uuid,model,rack,deployed_at,warranty_until,purchase_price,operating_hours,registered_at,status,note',
      'GPU-1,NVIDIA H100 80GB HBM3,r1,2025-01-01T00:00:00Z,2028-01-01,30000,12.5,2025-02-01T00:00:00Z,active,"a, ""b"""',
      'GPU-2,,,,,,,,,',
    ].join('\r\n');
    const { assets, problems } = parseAssetsCsv(text, NOW);
    expect(problems).toEqual([]);
    expect(assets[0]).toMatchObject({
      gpu_uuid: 'GPU-1',
      note: 'a, "b"',
      purchase_price: 30_000,
      operating_hours: 12.5,
      warranty_until: Date.UTC(2028, 0, 1),
      ts: Date.UTC(2025, 1, 1),
      status: 'active',
      owner: '',
    });
    expect(assets[1]).toMatchObject({ gpu_uuid: 'GPU-2', registered_at: NOW, status: 'active', purchase_price: null });
    expect(parseAssetsCsv(formatAssetsCsv(assets), 0).assets).toEqual(assets);
  });

  it('tells every bad row and takes the others', () => {
    const text =
      'gpu_uuid,purchase_price,deployed_at,colour\n,1,,\nGPU-1,many,,\nGPU-2,1,yesterday,\nGPU-3,1,2025-01-01,red\n\n';
    const { assets, problems } = parseAssetsCsv(text, NOW);
    expect(assets.map(({ gpu_uuid }) => gpu_uuid)).toEqual(['GPU-3']);
    expect(problems).toEqual([
      'line 1: unknown columns colour',
      'line 2: gpu_uuid is missing',
      'line 3: purchase_price must be a number from 0 on',
      'line 4: deployed_at must be an ISO 8601 time',
    ]);
  });

  it('lets a book tell what changed', () => {
    const book = new Assets();
    expect([book.changes, book.revision('GPU-1')]).toEqual([0, 0]);
    const [asset] = parseAssetsCsv('gpu_uuid\nGPU-1\n', NOW).assets;
    if (asset) book.put(asset);
    expect([book.changes, book.revision('GPU-1'), book.get('GPU-1')?.registered_at]).toEqual([1, 1, NOW]);
  });
});
