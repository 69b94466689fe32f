import { expect, it } from 'vitest';
import { mergeAsset } from './asset-merge.ts';
import { type KnownAssetVersion, newVersion, tenantSince } from './inventory.ts';

const NOW = Date.UTC(2026, 0, 5);

/** What becomes of an asset whose tenant is written down as these, a day each. */
function told(...tenants: readonly string[]): readonly (number | null)[] {
  let before: KnownAssetVersion | undefined;
  return tenants.map((tenant, day) => {
    const version = newVersion(before, { gpu_uuid: 'GPU-1', tenant, note: String(day) }, NOW + day);
    if (version === null) throw new Error('nothing changed');
    before = { asset: version.asset, logged: version.asset, position: day + 1, tenant_since: version.tenant_since };
    return version.tenant_since === undefined ? null : version.tenant_since - NOW;
  });
}

it('a version remembers since when its tenant has the asset, however many follow', () => {
  expect(told('red', 'red', 'red')).toEqual([null, null, null]);
  expect(told('', 'red', 'red')).toEqual([null, null, null]);
  expect(told('red', 'blue', 'blue', 'blue', 'blue', 'blue')).toEqual([null, 1, 1, 1, 1, 1]);
  expect(told('red', '', '', 'blue', 'red')).toEqual([null, 1, 1, 3, 4]);
});

it('the row counts where the log has nothing yet', () => {
  const asset = mergeAsset(undefined, { gpu_uuid: 'GPU-1', tenant: 'red' }, NOW);
  const seen = { asset, logged: null, position: 0 };
  expect(newVersion(seen, { gpu_uuid: 'GPU-1', tenant: 'blue' }, NOW + 5)?.tenant_since).toBe(NOW + 5);
  expect(newVersion(seen, { gpu_uuid: 'GPU-1', note: 'x' }, NOW + 5)?.tenant_since).toBeUndefined();
  expect(tenantSince(undefined, 'red', NOW)).toBeUndefined();
});
