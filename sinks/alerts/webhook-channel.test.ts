import { createHmac, timingSafeEqual } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { failureOf, secret, signal, testParts } from './channel-parts.fixture.ts';
import { AT, notificationOf, notifiedAlert } from './notification.fixture.ts';
import { type Asked, closeOtherSides, otherSide } from './other-side.fixture.ts';
import { webhookChannel } from './webhook-channel.ts';

afterEach(closeOtherSides);

/** What a receiver does, as the reference page tells it. */
function verified({ headers, body }: Asked, key: string, now_s: number): boolean {
  const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['gpu-vitals-signature'])) ?? [];
  if (t === undefined || v1 === undefined || Math.abs(now_s - Number(t)) > 300) return false;
  return timingSafeEqual(createHmac('sha256', key).update(`${t}.${body}`).digest(), Buffer.from(v1, 'hex'));
}

describe('webhook', () => {
  it('posts the notification, signed, with a key against doubles', async () => {
    const there = await otherSide();
    const parts = testParts();
    const channel = webhookChannel({
      ...parts,
      address: secret(`${there.url}/in?x=1`),
      secret: secret('whsec'),
      bearer_token: secret('sesame'),
    });
    const notification = notificationOf({ id: 'n\r\nX: 1' });
    await channel.send(notification, signal());
    parts.clock.advance(60_000);
    await channel.send(notification, signal());
    const [first, second] = there.asked as [Asked, Asked];
    expect(JSON.parse(first.body)).toEqual(notification);
    expect(first.path).toBe('/in?x=1');
    expect(first.headers).toMatchObject({ 'idempotency-key': 'n__X:_1', authorization: 'Bearer sesame' });
    expect(first.headers['idempotency-key']).toBe(second.headers['idempotency-key']);
    expect(first.headers['gpu-vitals-signature']).not.toBe(second.headers['gpu-vitals-signature']);
    expect(verified(first, 'whsec', AT / 1_000)).toBe(true);
    expect(verified(second, 'whsec', AT / 1_000 + 60)).toBe(true);
    expect(verified(first, 'whsec', AT / 1_000 + 301)).toBe(false);
    expect(verified(first, 'other', AT / 1_000)).toBe(false);
    expect(verified({ ...first, body: first.body.replace('critical', 'info') }, 'whsec', AT / 1_000)).toBe(false);
  });

  it('goes unsigned without a secret', async () => {
    const there = await otherSide();
    const channel = webhookChannel({ ...testParts(), address: secret(there.url), secret: null, bearer_token: null });
    await channel.send(notificationOf(), signal());
    expect(Object.keys(there.asked[0]?.headers ?? {})).not.toContain('gpu-vitals-signature');
    expect(Object.keys(there.asked[0]?.headers ?? {})).not.toContain('authorization');
  });

  it('keeps an incident of a whole fleet small', async () => {
    const there = await otherSide();
    const gpus = Array.from({ length: 10_000 }, (_, i) => `GPU-${i}-0000-0000-0000-000000000000`);
    const alerts = Array.from({ length: 20 }, (_, i) => notifiedAlert({ id: `a${i}`, gpus }));
    const channel = webhookChannel({ ...testParts(), address: secret(there.url), secret: null, bearer_token: null });
    await channel.send(notificationOf({ alerts }), signal());
    expect(there.bodies<{ alerts: { gpus: string[] }[] }>()[0]?.alerts[19]?.gpus).toEqual(gpus.slice(0, 200));
  });

  it('names neither secret when it is refused', async () => {
    const there = await otherSide({ status: 401, body: 'sesame? whsec? no' });
    const channel = webhookChannel({
      ...testParts(),
      address: secret(`${there.url}/hunter2hunter2`),
      secret: secret('whsec'),
      bearer_token: secret('sesame'),
    });
    const failure = await failureOf(channel.send(notificationOf(), signal()));
    expect(failure).toMatchObject({ retryable: false, message: `${there.host} answers HTTP 401: ***? ***? no` });
  });
});
