import { readFileSync } from 'node:fs';
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import {
  BUFFERED_BYTES_MAX,
  type Handshake,
  judgeHandshake,
  type LiveSocket,
  type SocketHandlers,
  type SocketServerOptions,
  type StartSocketServer,
} from './socket-server.ts';

const path = (request: IncomingMessage): string => (request.url ?? '').split('?', 1)[0] ?? '';

function handshakeOf({ headers, socket }: IncomingMessage): Handshake {
  const forwarded = headers['x-forwarded-for'];
  return {
    origin: headers.origin ?? null,
    host: headers.host ?? '',
    address: socket.remoteAddress ?? '',
    forwarded_for: Array.isArray(forwarded) ? forwarded.join(', ') : (forwarded ?? null),
  };
}

/** WebSockets in plain JavaScript, where uWebSockets.js has no binary: same behaviour, less speed. */
export const wsServer: StartSocketServer = async <S>(options: SocketServerOptions, handlers: SocketHandlers<S>) => {
  const topics = new Map<string, Set<WebSocket>>();
  const { tls = null } = options;
  const elsewhere: RequestListener = (_request, response) => {
    response.writeHead(426, { Upgrade: 'websocket' }).end('This is a WebSocket address.');
  };
  const http =
    tls === null
      ? createServer(elsewhere)
      : createTlsServer({ cert: readFileSync(tls.cert_file), key: readFileSync(tls.key_file) }, elsewhere);
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: options.payload_bytes_max,
    perMessageDeflate: false,
    handleProtocols: () => options.protocol,
  });
  http.on('upgrade', (request, stream, head) => {
    const handshake = handshakeOf(request);
    const refusal = judgeHandshake(options, {
      path: path(request),
      protocols: request.headers['sec-websocket-protocol'] ?? null,
      handshake,
      sockets: server.clients.size,
    });
    stream.on('error', () => stream.destroy());
    if (refusal !== null) {
      stream.end(`HTTP/1.1 ${refusal.status} ${refusal.reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    server.handleUpgrade(request, stream, head, (native) => server.emit('connection', native, request, handshake));
  });

  const alive = new WeakSet<WebSocket>();
  server.on('connection', (native: WebSocket, request: IncomingMessage, handshake: Handshake) => {
    const joined = new Set<string>();
    const leave = (topic: string): void => {
      joined.delete(topic);
      const members = topics.get(topic);
      members?.delete(native);
      if (members?.size === 0) topics.delete(topic);
    };
    const socket: LiveSocket = {
      send(text) {
        deliver(native, text);
      },
      buffered: () => native.bufferedAmount,
      join(topic) {
        joined.add(topic);
        const members = topics.get(topic);
        if (members === undefined) topics.set(topic, new Set([native]));
        else members.add(native);
      },
      leave,
      close(code, reason) {
        native.close(code, reason);
      },
    };
    const session = handlers.open(socket, handshake);
    alive.add(native);
    request.socket.on('drain', () => handlers.drain(session));
    native.on('pong', () => alive.add(native));
    native.on('message', (data, isBinary) => {
      alive.add(native);
      handlers.message(session, isBinary ? null : data.toString());
    });
    native.on('error', () => native.terminate());
    native.on('close', () => {
      for (const topic of [...joined]) leave(topic);
      handlers.closed(session);
    });
  });

  // Two rounds of half the time: one asks with a ping, the next ends whoever did not answer.
  const rounds = setInterval(() => {
    for (const native of server.clients) {
      if (!alive.delete(native)) native.terminate();
      else native.ping();
    }
  }, options.idle_timeout_s * 500);
  rounds.unref();

  await new Promise<void>((resolve, reject) => {
    http.once('error', (cause) =>
      reject(
        new VitalsError('GV-SVC-006', 'The live address cannot be listened on', `${options.host}:${options.port}`, {
          cause,
        }),
      ),
    );
    // Everybody comes back at once after a restart; who finds the queue full tries again a second later.
    http.listen({ port: options.port, host: options.host, backlog: 4_096 }, resolve);
  }).catch((error: unknown) => {
    clearInterval(rounds);
    throw error;
  });

  return {
    kind: 'ws',
    port: (http.address() as AddressInfo).port,
    publish(topic, text) {
      const members = topics.get(topic);
      if (members === undefined) return;
      const bytes = Buffer.from(text);
      for (const native of members) deliver(native, bytes);
    },
    async close() {
      clearInterval(rounds);
      for (const native of server.clients) native.terminate();
      await new Promise<void>((resolve) => http.close(() => resolve()));
    },
  };
};

function deliver(native: WebSocket, data: string | Buffer): void {
  if (native.readyState !== WebSocket.OPEN) return;
  if (native.bufferedAmount > BUFFERED_BYTES_MAX) native.terminate();
  else native.send(data, { binary: false });
}
