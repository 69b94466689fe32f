import { describe, expect, it } from 'vitest';
import { apiWorld } from './api.fixture.ts';
import type { ApiParts } from './api-parts.ts';
import { keyring } from './security/keyring.fixture.ts';

const ASKED = { health: 65, p7: 0.1, p30: 0.2, p90: 0.3, utilisation: 0.8 };

describe('POST /decisions/evaluate', () => {
  it.each<[ApiParts['profile'], string, object, string]>([
    ['reference', '', {}, 'reference'],
    ['default', '', {}, 'default'],
    ['reference', 'red', {}, 'reference'],
    ['reference', '', { profile: 'default' }, 'default'],
    ['default', '', { profile: 'reference' }, 'reference'],
  ])(
    'where %s decides, for the tenant "%s" and the request %j, follows %s',
    async (profile, tenant, more, followed) => {
      const keys = keyring();
      const key = keys.add({ role: 'admin', tenant, name: 'ann' });
      const response = await apiWorld({ profile, gate: keys.gate }).app.request('/api/v1/decisions/evaluate', {
        method: 'POST',
        body: JSON.stringify({ ...ASKED, ...more }),
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` },
      });
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ profile: followed, decision: expect.any(String) });
    },
  );
});
