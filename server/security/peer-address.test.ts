import { Hono } from 'hono';
import { expect, it } from 'vitest';
import { peerAddress } from './peer-address.ts';

const SOCKET = { incoming: { socket: { remoteAddress: '10.0.0.9' } } };

it.each([
  ['the socket', false, undefined, SOCKET, '10.0.0.9'],
  ['the socket, whatever a caller says of itself', false, '1.2.3.4', SOCKET, '10.0.0.9'],
  ['what the proxy says', true, '1.2.3.4', SOCKET, '1.2.3.4'],
  ['what the proxy added, not what the caller had told it', true, '6.6.6.6, 1.2.3.4', SOCKET, '1.2.3.4'],
  ['the proxy itself where it says nothing', true, '  ', SOCKET, '10.0.0.9'],
  ['nobody, over no socket', false, undefined, {}, ''],
  ['no more than an address can be long', true, 'x'.repeat(999), SOCKET, 'x'.repeat(64)],
] as const)('is %s', async (_, behind_proxy, forwarded, env, expected) => {
  const app = new Hono();
  app.get('/', (c) => c.text(peerAddress(c, behind_proxy)));
  const headers = forwarded === undefined ? {} : { 'X-Forwarded-For': forwarded };
  expect(await (await app.request('/', { headers }, env)).text()).toBe(expected);
});
