import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemSchema } from './schemas.ts';
import { browserHeaders } from './security/browser-headers.ts';
import { answerBefore, answerUnreadable } from './unreadable-request.ts';

let server: Server;
let port: number;

beforeAll(async () => {
  const app = new Hono();
  app.get('/livez', (c) => c.text('alive'));
  server = createServer(
    getRequestListener(app.fetch, { hostname: 'localhost', errorHandler: (error) => answerBefore(error, false) }),
  );
  server.on('clientError', answerUnreadable);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Bytes as they are; what comes back until the end of the connection. */
async function said(bytes: string): Promise<{ head: string; body: string }> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  socket.on('error', () => undefined);
  socket.write(bytes);
  await once(socket, 'close');
  const [head = '', body = ''] = text.split('\r\n\r\n');
  return { head, body };
}

describe('what is no readable request', () => {
  it.each<[string, string, number]>([
    ['no HTTP', 'NONSENSE\r\n\r\n', 400],
    ['a bad header', 'GET /livez HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n', 400],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
    ['a head that is too long', `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(40_000)}\r\n\r\n`, 431],
    ['an address that is none', 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 400],
    ['a host that is none', 'GET /livez HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n', 400],
  ])('is answered as everything else: %s', async (_, bytes, status) => {
    const { head, body } = await said(bytes);
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(head).toMatch(/content-type: application\/problem\+json/i);
    for (const [name, value] of Object.entries(browserHeaders(false))) {
      expect(head.toLowerCase()).toContain(`\r\n${name}: ${value}`.toLowerCase());
    }
    expect(head).not.toMatch(/strict-transport-security/i);
    const problem = problemSchema.parse(JSON.parse(body.replace(/^[0-9a-f]+\r\n|\r\n0$/g, '')));
    expect(problem).toMatchObject({ status, code: 'GV-API-001', detail: 'The request cannot be read' });
  });

  it('is not one of HTTP/1.0, which names no host, as a load balancer asks whether we live', async () => {
    const { head, body } = await said('GET /livez HTTP/1.0\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 200 /);
    expect(body).toBe('alive');
  });

  it('is told from what fails before there is an answer', async () => {
    const answer = answerBefore(new Error('secret'), true);
    expect(answer.status).toBe(500);
    expect(Object.fromEntries(answer.headers)).toMatchObject({ 'strict-transport-security': 'max-age=31536000' });
    expect(await answer.text()).not.toContain('secret');
  });
});
