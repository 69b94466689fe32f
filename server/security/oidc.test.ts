import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settableClock } from '../../pipeline/clock.ts';
import { NOW, populated } from '../api.fixture.ts';
import { gateOf } from './gate.ts';
import { keyring } from './keyring.fixture.ts';
import { openOidc } from './oidc.ts';

let server: Server;
let issuer = '';
let asked: string[] = [];
let up = true;
let published: object[] = [];
const [ours, next, foreign] = await Promise.all([
  generateKeyPair('ES256', { extractable: true }),
  generateKeyPair('ES256', { extractable: true }),
  generateKeyPair('ES256', { extractable: true }),
]);

beforeAll(async () => {
  published = [{ ...(await exportJWK(ours.publicKey)), kid: 'one', alg: 'ES256' }];
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (!up) response.writeHead(503).end();
    else if (request.url === '/.well-known/openid-configuration') {
      response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/keys` }));
    } else response.end(JSON.stringify({ keys: published }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const clock = settableClock(NOW);
const open = (changes: object = {}) =>
  openOidc({ issuer, audience: 'gpu-vitals', role_claim: 'roles', tenant_claim: '', clock, ...changes });

interface Made {
  readonly key?: typeof ours.privateKey;
  readonly kid?: string;
  readonly claims?: Record<string, unknown>;
  readonly issuer?: string;
  readonly audience?: string;
  readonly expires_s?: number;
}
const token = ({ key = ours.privateKey, kid = 'one', claims = { roles: ['operator'] }, ...more }: Made = {}) =>
  new SignJWT({ sub: 'u1', email: 'ann@example.com', ...claims })
    .setProtectedHeader({ alg: 'ES256', kid })
    .setIssuer(more.issuer ?? issuer)
    .setAudience(more.audience ?? 'gpu-vitals')
    .setExpirationTime(Math.floor(clock.now() / 1_000) + (more.expires_s ?? 600))
    .sign(key);

describe('single sign-on', () => {
  it('knows a token by its claims, and asks for the keys once', async () => {
    asked = [];
    const oidc = open();
    for (let i = 0; i < 5; i++) {
      expect(await oidc.know(await token())).toEqual({
        ...{ kind: 'token', id: 'u1', name: 'ann@example.com', role: 'operator', tenant: '' },
        good_until: Math.floor(NOW / 1_000) * 1_000 + 630_000,
      });
    }
    expect(asked).toEqual(['/.well-known/openid-configuration', '/keys']);
  });

  it('lets who is in stay until the end of the token that was shown, whatever others come after it', async () => {
    const here = settableClock(NOW);
    const oidc = open({ clock: here });
    const [short, long] = [await token({ expires_s: 60 }), await token({ expires_s: 600 })];
    const callers = [await oidc.know(short), await oidc.know(long)];
    const welcome = () => callers.map((caller) => caller !== null && oidc.isWelcome(caller));
    expect(welcome()).toEqual([true, true]);
    here.advance(91_000);
    expect(welcome()).toEqual([false, true]);
    here.advance(600_000);
    expect(welcome()).toEqual([false, false]);
  });

  it.each([
    ['of somebody else', { key: foreign.privateKey }],
    ['of another issuer', { issuer: 'https://example.com' }],
    ['for somebody else', { audience: 'another' }],
    ['that has ended', { expires_s: -60 }],
    ['without a role', { claims: {} }],
    ['with a role that is none of ours', { claims: { roles: ['root', 'Admin'] } }],
    ['without a subject', { claims: { roles: ['admin'], sub: undefined } }],
  ] as const)('refuses a token %s', async (_, made) => {
    expect(await open().know(await token(made as Made))).toBeNull();
  });

  it('refuses what is not signed, or signed with the public key as a secret', async () => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { sub: 'u1', iss: issuer, aud: 'gpu-vitals', exp: Math.floor(NOW / 1_000) + 600, roles: 'admin' };
    expect(await open().know(`${part({ alg: 'none' })}.${part(claims)}.`)).toBeNull();
    const secret = new TextEncoder().encode(JSON.stringify(published[0]));
    const signed = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(secret);
    expect(await open().know(signed)).toBeNull();
    expect(await open().know('a.b.c')).toBeNull();
    expect(await open().know('nonsense')).toBeNull();
  });

  it('takes role and tenant from where it is told, and no token without its tenant', async () => {
    const oidc = open({ role_claim: 'access.vitals', tenant_claim: 'org' });
    const claims = { access: { vitals: ['viewer', 'admin'] }, org: 'red' };
    expect(await oidc.know(await token({ claims }))).toMatchObject({ role: 'admin', tenant: 'red' });
    expect(await oidc.know(await token({ claims: { ...claims, org: '' } }))).toBeNull();
    expect(await oidc.know(await token({ claims: { access: claims.access } }))).toBeNull();
  });

  it('says that it cannot tell while the issuer is away, and can again after', async () => {
    const oidc = open();
    up = false;
    await expect(oidc.know(await token())).rejects.toMatchObject({ code: 'GV-API-003' });
    up = true;
    expect(await oidc.know(await token())).not.toBeNull();
  });

  it('finds keys that the issuer has turned to', async () => {
    const oidc = open();
    published = [{ ...(await exportJWK(next.publicKey)), kid: 'two', alg: 'ES256' }];
    expect(await oidc.know(await token({ key: next.privateKey, kid: 'two' }))).not.toBeNull();
    published = [{ ...(await exportJWK(ours.publicKey)), kid: 'one', alg: 'ES256' }];
  });

  it.each(['http://example.com', 'ftp://127.0.0.1', 'nonsense'])('is refused over %s', (bad) => {
    expect(() => open({ issuer: bad })).toThrowError(expect.objectContaining({ code: 'GV-SEC-006' }));
  });

  it('lets tokens in beside keys, by their roles, and nobody without', async () => {
    const keys = keyring();
    const oidc = open();
    const world = populated({ gate: gateOf(keys.book, oidc) });
    const call = (path: string, bearer?: string) =>
      world.get(path, bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` });
    expect((await call('/api/v1/gpus')).status).toBe(401);
    expect((await call('/api/v1/gpus', await token())).status).toBe(200);
    expect((await call('/api/v1/audit', await token())).status).toBe(403);
    expect((await call('/api/v1/audit', keys.add({ role: 'admin' }))).status).toBe(200);
    up = false;
    const away = gateOf(keys.book, open());
    const there = populated({ gate: away });
    expect((await there.get('/api/v1/gpus', { Authorization: `Bearer ${await token()}` })).status).toBe(503);
    up = true;
  });
});
