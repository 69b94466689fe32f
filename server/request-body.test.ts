import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { expect, it } from 'vitest';
import { populated } from './api.fixture.ts';
import { problem } from './problem.ts';
import { type RequestBodyOptions, requestBody } from './request-body.ts';

/** Answers with the body; those whose names are given end when they are told to. */
function served(options: Partial<RequestBodyOptions> = {}) {
  const withBody = requestBody({ large_from_bytes: 100, ...options });
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const app = new Hono();
  app.post('/:name', (c) =>
    withBody(c, 1_000, async (text) => {
      const name = c.req.param('name');
      begun.push(name);
      await new Promise<void>((resolve) => ends.set(name, resolve));
      if (name === 'broken') throw new Error('of its own');
      return c.text(text);
    }),
  );
  app.onError((error, c) => problem(c, error));
  const post = async (
    name: string,
    body: string | ReadableStream,
    headers: Record<string, string> = {},
  ): Promise<Response> => app.request(`/${name}`, { method: 'POST', headers, body, duplex: 'half' } as RequestInit);
  const end = (name: string): void => ends.get(name)?.();
  return { begun, end, post, large: (name: string) => post(name, 'x'.repeat(101)) };
}

/** A body that comes as it is told to. */
function slow() {
  let controller!: ReadableStreamDefaultController;
  const body = new ReadableStream({
    start(given) {
      controller = given;
    },
  });
  const bring = (text: string): void => controller.enqueue(Buffer.from(text));
  return { body, bring, end: () => controller.close(), fail: () => controller.error(new Error('gone')) };
}

const PUT_OFF = { code: 'GV-API-003', status: 503 };

it('works on one large body at a time, in the order in which they came, whatever becomes of one; small ones pass by', async () => {
  const { begun, end, post, large } = served();
  const answers = [large('broken')];
  await expect.poll(() => begun).toEqual(['broken']);
  answers.push(large('two'), large('three'));
  const small = post('small', 'x'.repeat(100));
  await expect.poll(() => begun).toEqual(['broken', 'small']);
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
    expect(await answer.json()).toMatchObject(PUT_OFF);
  }
  end('first');
  expect((await first).status).toBe(200);
  const next = large('next');
  await expect.poll(() => begun).toEqual(['first', 'next']);
  end('next');
  expect((await next).status).toBe(200);
});

it('who sends slowly keeps nobody waiting, and one who goes leaves nothing behind', async () => {
  const { begun, end, post, large } = served({ held_bytes_max: 200 });
  const [trickle, gone] = [slow(), slow()];
  const answers = [post('trickle', trickle.body), post('gone', gone.body)];
  for (const { bring } of [trickle, gone]) bring('x'.repeat(150));
  const quick = large('quick');
  await expect.poll(() => begun).toEqual(['quick']);
  end('quick');
  expect((await quick).status).toBe(200);
  gone.fail();
  expect((await answers[1])?.status).toBe(400);
  trickle.bring('y'.repeat(150));
  trickle.end();
  await expect.poll(() => begun).toEqual(['quick', 'trickle']);
  end('trickle');
  expect(await (await answers[0])?.text()).toBe('x'.repeat(150) + 'y'.repeat(150));
});

it('holds no more at once than it may', async () => {
  const { begun, end, post, large } = served({ held_bytes_max: 200 });
  const first = slow();
  const one = post('one', first.body);
  first.bring('x'.repeat(290));
  await expect.poll(async () => (await post('two', 'x'.repeat(150))).status).toBe(503);
  const small = post('small', 'x');
  await expect.poll(() => begun).toEqual(['small']);
  end('small');
  expect((await small).status).toBe(200);
  first.end();
  await expect.poll(() => begun).toEqual(['small', 'one']);
  end('one');
  expect((await one).status).toBe(200);
  const next = large('next');
  await expect.poll(() => begun.at(-1)).toBe('next');
  end('next');
  expect((await next).status).toBe(200);
});

it('refuses what is larger than the route takes: by its length unread, else as soon as it is', async () => {
  const { begun, post } = served();
  expect((await post('told', 'x', { 'Content-Length': '1001' })).status).toBe(413);
  const endless = slow();
  const answer = post('endless', endless.body);
  for (let i = 0; i < 11; i++) endless.bring('x'.repeat(100));
  expect(await (await answer).json()).toMatchObject({ status: 413, detail: 'The body is larger than 1000 bytes' });
  expect(begun).toEqual([]);
});

it('a body that trickles over the network hinders no other', async () => {
  const server = createServer(getRequestListener(populated().app.fetch, { hostname: 'localhost' }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const trickle = connect(port, '127.0.0.1').on('error', () => undefined);
  try {
    const type = 'Content-Type: application/json';
    trickle.write(
      `POST /api/v1/health/score HTTP/1.1\r\nHost: localhost\r\n${type}\r\nContent-Length: 2000000\r\n\r\n{`,
    );
    await once(server, 'request');
    trickle.write(' ');
    const body = JSON.stringify({ gpu_uuid: 'GPU-00', more: 'x'.repeat(1_500_000) });
    const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body };
    const { status } = await fetch(`http://127.0.0.1:${port}/api/v1/health/score`, init);
    expect(status).toBe(400);
  } finally {
    trickle.destroy();
    server.closeAllConnections();
    server.close();
  }
});
