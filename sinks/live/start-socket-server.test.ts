import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { SocketServer } from './socket-server.ts';
import { startSocketServer } from './start-socket-server.ts';

const running: SocketServer[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
});

describe.each(['uws', 'ws'] as const)('a socket server over %s', (library) => {
  const start = async (port: number): Promise<SocketServer> => {
    const server = await startSocketServer(
      {
        host: '127.0.0.1',
        port,
        path: '/live',
        protocol: 'test',
        payload_bytes_max: 1_024,
        idle_timeout_s: 60,
        sockets_max: 10,
        library,
        allow: () => true,
      },
      { open: () => null, message: () => {}, drain: () => {}, closed: () => {} },
    );
    running.push(server);
    return server;
  };
  /**
   * On a port chosen here: the kernel never lets anybody share one that it chose itself. Below those that other tests try,
   * for whoever tries a port listens on it for a moment.
   */
  const startSomewhere = async (): Promise<number> => {
    for (;;) {
      const started = await start(randomInt(10_000, 20_000)).catch(() => null);
      if (started !== null) return started.port;
    }
  };
  const connected = async (port: number): Promise<WebSocket> => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/live`, 'test');
    await once(socket, 'open');
    return socket;
  };

  it('does not share its port with a second one', async () => {
    const port = await startSomewhere();
    await expect(start(port)).rejects.toMatchObject({ code: 'GV-SVC-006' });
    (await connected(port)).terminate();
  });

  it('is there again on its port at once, with sockets of its last life not yet forgotten by the kernel', async () => {
    const port = await startSomewhere();
    const sockets = await Promise.all([connected(port), connected(port)]);
    const ended = sockets.map((socket) => once(socket, 'close'));
    // The side that ends a socket first is the one whose kernel keeps it in TIME_WAIT.
    await running.pop()?.close();
    await Promise.all(ended);
    expect((await start(port)).port).toBe(port);
    (await connected(port)).terminate();
  });
});
