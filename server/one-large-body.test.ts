import { Hono } from 'hono';
import { expect, it } from 'vitest';
import { oneLargeBody } from './one-large-body.ts';

function served(options: { readonly waiting_max?: number; readonly patience_ms?: number } = {}) {
  const inTurn = oneLargeBody({ from_bytes: 100, ...options });
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const app = new Hono();
  app.use((c, next) => inTurn(c, next));
  app.post('/:name', async (c) => {
    const name = c.req.param('name');
    begun.push(name);
    await new Promise<void>((resolve) => ends.set(name, resolve));
    if (name === 'broken') throw new Error('of its own');
    return c.text(name);
  });
  app.onError((_, c) => c.text('failed', 500));
  const post = (name: string, headers: Record<string, string>) => app.request(`/${name}`, { method: 'POST', headers });
  const end = (name: string): void => ends.get(name)?.();
  return { begun, end, post, large: (name: string) => post(name, { 'Content-Length': '101' }) };
}

it('works on one large body at a time, in the order in which they came, whatever becomes of one; small ones pass by', async () => {
  const { begun, end, post, large } = served();
  const answers = [large('broken'), post('two', { 'Transfer-Encoding': 'chunked' }), large('three')];
  const small = post('small', { 'Content-Length': '100' });
  await expect.poll(() => begun.toSorted()).toEqual(['broken', 'small']);
  end('small');
  expect((await small).status).toBe(200);
  end('broken');
  await expect.poll(() => begun.slice(2)).toEqual(['two']);
  end('two');
  await expect.poll(() => begun.at(-1)).toBe('three');
  end('three');
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([500, 200, 200]);
  const again = large('again');
  await expect.poll(() => begun.at(-1)).toBe('again');
  end('again');
  expect((await again).status).toBe(200);
});

it('puts off what would wait too long, or behind too many', async () => {
  const { begun, end, large } = served({ waiting_max: 1, patience_ms: 30 });
  const first = large('first');
  await expect.poll(() => begun).toEqual(['first']);
  const [patient, late] = [large('patient'), await large('late')];
  for (const answer of [late, await patient]) {
    expect([answer.status, answer.headers.get('Retry-After')]).toEqual([503, '5']);
    expect(await answer.json()).toMatchObject({ code: 'GV-API-003', status: 503 });
  }
  end('first');
  expect((await first).status).toBe(200);
  const next = large('next');
  await expect.poll(() => begun).toEqual(['first', 'next']);
  end('next');
  expect((await next).status).toBe(200);
});
