import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { cutSockets } from './cut-sockets.ts';

/** More than the other side takes at once, less than the kernel keeps for it. */
const SENT = Buffer.alloc(1_048_576);

/** Bytes that arrive at a server that begins to read when the socket was ended so. */
async function arrives(end: (socket: Socket) => void): Promise<number> {
  const server = createServer({ pauseOnConnect: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const taken = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  const reader = await taken;
  await new Promise((resolve) => socket.write(SENT, resolve));
  end(socket);
  let bytes = 0;
  reader.on('data', (data) => {
    bytes += data.length;
  });
  await new Promise<void>((resolve) => {
    reader.once('error', () => resolve());
    reader.once('end', resolve);
    reader.resume();
  });
  reader.destroy();
  await new Promise((resolve) => server.close(resolve));
  return bytes;
}

it('lets nothing arrive any more of what the kernel still holds', async () => {
  const sockets = cutSockets();
  const cut = await arrives((socket) => {
    sockets.add(socket);
    sockets.cut();
  });
  expect(cut).toBeLessThan(SENT.length);
  // One that is just closed sends on for as long as the kernel likes.
  expect(await arrives((socket) => socket.destroy())).toBe(SENT.length);
});

it('leaves sockets alone that have ended by themselves', async () => {
  const sockets = cutSockets();
  const closed = await arrives((socket) => {
    sockets.add(socket);
    socket.end();
  });
  sockets.cut();
  expect(closed).toBe(SENT.length);
});
