import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { givenNats, givenQuestdb } from './given-address.ts';

let server: Server | null = null;
afterEach(() => {
  server?.close();
  server = null;
});

async function greet(greeting: string): Promise<string> {
  server = createServer((socket) => socket.on('error', () => undefined).end(greeting));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `nats://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('takes a server that greets with JetStream', async () => {
  const url = await greet('INFO {"version":"2.12.1","server_name":"x","jetstream":true}\r\n');
  expect(await givenNats(url)).toEqual({ url, pg_url: '', version: '2.12.1' });
  expect(await givenNats(undefined)).toBeNull();
});

it.each([
  { name: 'has no JetStream', greeting: 'INFO {"version":"2.12.1"}\r\n', what: /runs without JetStream/ },
  { name: 'speaks another protocol', greeting: 'SSH-2.0-x\r\n', what: /no NATS server answers/ },
  { name: 'sends broken JSON', greeting: 'INFO {"version"\r\n', what: /no NATS server answers/ },
  { name: 'says nothing', greeting: '', what: /no NATS server answers/ },
])('refuses a server that $name', async ({ greeting, what }) => {
  await expect(givenNats(await greet(greeting))).rejects.toMatchObject({ code: 'GV-BUS-001', message: what });
});

it.each([
  { given: () => givenNats('localhost'), where: '--nats' },
  { given: () => givenNats('http://localhost'), where: '--nats' },
  { given: () => givenQuestdb('localhost:9000', undefined), where: '--questdb' },
  { given: () => givenQuestdb(undefined, 'http://localhost'), where: '--questdb-pg' },
])('refuses what is no address for $where', async ({ given, where }) => {
  await expect(given()).rejects.toMatchObject({ code: 'GV-CFG-001', where });
});

it.each([
  ['without JetStream', 'INFO {"version":"2.12.1"}\r\n', 'p%40:l4nted'],
  ['without an answer', '', 'pl4nted'],
  ['that cannot be read', '', 'a/pl4nted'],
])('does not print the password of a NATS %s', async (_, greeting, password) => {
  const url = (await greet(greeting)).replace('nats://', `nats://me:${password}@`);
  await expect(givenNats(url)).rejects.toSatisfy(
    (error: Error) => !/l4nted/.test(error.message) && error.message.includes('me:***@127.0.0.1'),
  );
});

it('does not print the password of an address of another kind', async () => {
  await expect(givenNats('http://me:pl4nted@h')).rejects.toSatisfy((error: Error) => !/pl4nted/.test(error.message));
});

it('does not print the password of an address', async () => {
  const url = (await greet('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n')).replace('nats://', 'http://user:secret@');
  await expect(givenQuestdb(url, undefined)).rejects.toSatisfy(
    (error: Error) => !error.message.includes('secret') && error.message.includes('user:***@'),
  );
});
