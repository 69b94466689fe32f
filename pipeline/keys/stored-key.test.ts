import { expect, it } from 'vitest';
import { readStoredKey } from './key-store.ts';

const KEY = {
  ...{ id: '0123456789ab', name: 'ann', role: 'viewer', tenant: '', created_at: 1, expires_at: null, revoked_at: null },
  ...{ hash: 'a'.repeat(64), previous: null },
};
const read = (key: object) => readStoredKey(Buffer.from(JSON.stringify(key)));

it('a key of before there were scopes may what its role may', () => {
  expect(read(KEY)).toEqual({ ...KEY, scopes: [] });
});

it('a key with a scope that this release does not know lets nobody in, instead of into everything', () => {
  expect(read({ ...KEY, scopes: ['fleet'] })?.scopes).toEqual(['fleet']);
  expect(read({ ...KEY, scopes: ['fleet', 'of a later release'] })).toBeNull();
});
