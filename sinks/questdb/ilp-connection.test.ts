import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { seconds } from '../../pipeline/contract/time.ts';
import { type IlpConnection, ilpConnection } from './ilp-connection.ts';

let server: Server | null = null;
let connection: IlpConnection | null = null;
afterEach(async () => {
  await connection?.close();
  server?.closeAllConnections();
  server?.close();
});

async function listening(): Promise<number> {
  const listens = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(204).end());
  });
  server = listens;
  await new Promise<void>((resolve) => listens.listen(0, '127.0.0.1', resolve));
  return (listens.address() as AddressInfo).port;
}

it('tells of the sockets that it makes, and of none where nobody listens', async () => {
  const port = await listening();
  const sockets: (Socket | null | undefined)[] = [];
  const made = ilpConnection(`http://127.0.0.1:${port}`, seconds(5), (socket) => sockets.push(socket));
  connection = made;
  const { signal } = new AbortController();
  const post = () => made.post(Buffer.from('t x=1 1\n'), 'ms', signal);
  expect(await post()).toEqual({ kind: 'taken' });
  expect(sockets).toHaveLength(1);
  server?.closeAllConnections();
  server?.close();
  const refused = await post();
  expect(refused).toMatchObject({ kind: 'unavailable', code: 'GV-SNK-001' });
  // The first one may have found the old connection closed; the next one is refused for sure.
  expect(await post()).toMatchObject({ kind: 'unavailable', reason: expect.stringContaining('ECONNREFUSED') });
  expect(sockets).toHaveLength(1);
});
