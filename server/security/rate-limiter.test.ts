import { describe, expect, it } from 'vitest';
import { settableClock } from '../../pipeline/clock.ts';
import { populated } from '../api.fixture.ts';
import { keyring } from './keyring.fixture.ts';
import { RateLimiter } from './rate-limiter.ts';

describe('rates', () => {
  it('let a burst through, then so many per second, each on its own', () => {
    const clock = settableClock(0);
    const limiter = new RateLimiter({ burst: 3, per_s: 2 }, clock);
    const take = (who: string) => limiter.take(who);
    expect([1, 2, 3, 4, 5].map(() => take('a'))).toEqual([null, null, null, 1, 1]);
    expect(take('b')).toBeNull();
    clock.advance(499);
    expect(take('a')).toBe(1);
    clock.advance(1);
    expect([take('a'), take('a')]).toEqual([null, 1]);
    clock.advance(60_000);
    expect([1, 2, 3, 4].map(() => take('a'))).toEqual([null, null, null, 1]);
  });

  it('answer 429 with Retry-After to a key that calls too fast, and to nobody else', async () => {
    const keys = keyring();
    const [fast, slow] = [keys.add(), keys.add()];
    const world = populated({ gate: keys.gate, calls_per_s: 2 });
    const call = (key: string) => world.get('/api/v1/errors', { Authorization: `Bearer ${key}` });
    for (let i = 0; i < 10; i++) expect((await call(fast)).status).toBe(200);
    const refused = await call(fast);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('Retry-After')).toBe('1');
    expect(await refused.json()).toMatchObject({ code: 'GV-SEC-003', status: 429 });
    expect((await call(slow)).status).toBe(200);
    world.clock.advance(500);
    expect((await call(fast)).status).toBe(200);
  });

  it('hold up who tries keys', async () => {
    const keys = keyring();
    keys.add();
    const world = populated({ gate: keys.gate });
    const attempt = () => world.get('/api/v1/gpus', { Authorization: 'Bearer nonsense' });
    for (let i = 0; i < 50; i++) expect((await attempt()).status).toBe(401);
    expect((await attempt()).status).toBe(429);
    world.clock.advance(200);
    expect((await attempt()).status).toBe(401);
    expect((await attempt()).status).toBe(429);
    // Who shows nothing tries nothing.
    expect((await world.get('/api/v1/gpus')).status).toBe(401);
  });

  it('do not look at what comes from where too many bad keys were shown', async () => {
    const keys = keyring();
    const good = `Bearer ${keys.add()}`;
    let looks = 0;
    const know = (bearer: string) => {
      looks++;
      return keys.gate.know(bearer);
    };
    const world = populated({ gate: { locked: true, know, isWelcome: () => true } });
    const call = (remoteAddress: string, Authorization: string) =>
      world.app.request('/api/v1/errors', { headers: { Authorization } }, { incoming: { socket: { remoteAddress } } });
    for (let i = 0; i < 100; i++) expect((await call('10.0.0.1', good)).status).toBe(200);
    for (let i = 0; i < 50; i++) await call('10.0.0.1', 'Bearer a.b.c');
    looks = 0;
    for (const shown of ['Bearer a.b.c', good]) {
      const refused = await call('10.0.0.1', shown);
      expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, '1']);
    }
    expect(looks).toBe(0);
    expect((await call('10.0.0.2', good)).status).toBe(200);
    world.clock.advance(200);
    expect((await call('10.0.0.1', good)).status).toBe(200);
  });

  it('count by address only where a proxy tells it, so that one caller does not shut out all', async () => {
    const keys = keyring();
    const good = `Bearer ${keys.add()}`;
    const world = populated({ gate: keys.gate, behind_proxy: true });
    const call = async (headers: Record<string, string>) => (await world.get('/api/v1/errors', headers)).status;
    for (let i = 0; i < 60; i++) await call({ Authorization: 'Bearer x' });
    expect(await call({ Authorization: good })).toBe(200);
    const [one, other] = [{ 'X-Forwarded-For': '10.0.0.1' }, { 'X-Forwarded-For': '10.0.0.2' }];
    for (let i = 0; i < 60; i++) await call({ Authorization: 'Bearer x', ...one });
    expect([await call({ Authorization: good, ...one }), await call({ Authorization: good, ...other })]).toEqual([
      429, 200,
    ]);
  });

  it('count nothing while there are no keys', async () => {
    const world = populated({ calls_per_s: 1 });
    for (let i = 0; i < 20; i++) expect((await world.get('/api/v1/errors')).status).toBe(200);
  });
});
