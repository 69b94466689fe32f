import type { SocketHandlers, SocketServer, SocketServerOptions } from './socket-server.ts';
import { loadUws, uwsServer } from './uws-server.ts';
import { wsServer } from './ws-server.ts';

/** Listens with uWebSockets.js where it has a binary for this Node, else (or when asked) with ws. Errors as StartSocketServer. */
export async function startSocketServer<S>(
  options: SocketServerOptions & { readonly library?: 'auto' | 'uws' | 'ws' },
  handlers: SocketHandlers<S>,
): Promise<SocketServer> {
  const native = options.library === 'ws' ? null : await loadUws();
  return native === null ? wsServer(options, handlers) : uwsServer(native)(options, handlers);
}
