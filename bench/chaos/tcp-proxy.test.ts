import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { until } from '../../pipeline/cli/cli.fixture.ts';
import { systemClock } from '../../pipeline/clock.ts';
import { type TcpProxy, tcpProxy } from './tcp-proxy.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const closing = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()));

/** Somebody who says everything twice, and a way to him. */
async function talk(): Promise<{ proxy: TcpProxy; call: () => Promise<{ socket: Socket; heard: () => string }> }> {
  const server = createServer((socket) => {
    socket.on('data', (chunk) => socket.write(Buffer.concat([chunk, chunk]))).on('error', () => undefined);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const proxy = await tcpProxy(() => (server.address() as AddressInfo).port);
  ends.push(() => server.close(), proxy.close);
  return {
    proxy,
    async call() {
      const socket = connect(proxy.port, '127.0.0.1').on('error', () => undefined);
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
      });
      ends.push(() => socket.destroy());
      await once(socket, 'connect');
      return { socket, heard: () => text };
    },
  };
}

it('passes on, and not while it is stalled', async () => {
  const { proxy, call } = await talk();
  const { socket, heard } = await call();
  socket.write('one ');
  await until('an answer', () => heard() === 'one one ');
  proxy.stall();
  socket.write('two ');
  const other = await call();
  other.socket.write('three ');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(heard() + other.heard()).toBe('one one ');
  proxy.mend();
  await until('the rest', () => heard() === 'one one two two ' && other.heard() === 'three three ');
});

it('breaks connections and refuses new ones until it is mended', async () => {
  const { proxy, call } = await talk();
  const { socket } = await call();
  const closed = closing(socket);
  proxy.cut();
  await closed;
  const refused = connect(proxy.port, '127.0.0.1').on('error', () => undefined);
  await closing(refused);
  proxy.mend();
  const { socket: again, heard } = await call();
  again.write('x');
  await until('an answer', () => heard() === 'xx');
});

it('keeps to its rate and loses nothing', async () => {
  const { proxy, call } = await talk();
  proxy.slow(200_000);
  const { socket, heard } = await call();
  const began = systemClock.monotonic();
  socket.write('0123456789'.repeat(5_000));
  await until('all of it', () => heard().length === 100_000);
  expect(systemClock.monotonic() - began).toBeGreaterThan(400);
});
