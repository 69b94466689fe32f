import type { HttpRequest, HttpResponse, TemplatedApp, us_listen_socket, WebSocket } from 'uWebSockets.js';
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

type Library = typeof import('uWebSockets.js');

/** Its types know options of listening only without a host. */
interface HostListener {
  listen(host: string, port: number, options: number, told: (socket: us_listen_socket | false) => void): unknown;
}

/** LIBUS_LISTEN_EXCLUSIVE_PORT. Else the kernel gives the port to a second server too and deals sockets out to either. */
const EXCLUSIVE_PORT = 1;

/** The native library, or null where it carries no binary for this Node or machine. */
export async function loadUws(): Promise<Library | null> {
  try {
    return await import('uWebSockets.js');
  } catch {
    return null;
  }
}

interface UserData<S> {
  session: S | null;
  readonly handshake: Handshake;
}

const decoder = new TextDecoder();

function handshakeOf(res: HttpResponse, req: HttpRequest): Handshake {
  const forwarded: string[] = [];
  // `getHeader` answers the first line; a proxy may add its own after the caller's.
  req.forEach((name, value) => {
    if (name === 'x-forwarded-for') forwarded.push(value);
  });
  return {
    origin: req.getHeader('origin') || null,
    host: req.getHeader('host'),
    address: decoder.decode(res.getRemoteAddressAsText()),
    forwarded_for: forwarded.length === 0 ? null : forwarded.join(', '),
  };
}

/** WebSockets over uWebSockets.js: one published text is framed once for all who joined. */
export function uwsServer(library: Library): StartSocketServer {
  return async <S>(options: SocketServerOptions, handlers: SocketHandlers<S>) => {
    let sockets = 0;
    const { tls = null } = options;
    const app = (
      tls === null ? library.App() : library.SSLApp({ cert_file_name: tls.cert_file, key_file_name: tls.key_file })
    ) as TemplatedApp & HostListener;

    const socketOf = (native: WebSocket<UserData<S>>): LiveSocket & { gone: boolean } => ({
      gone: false,
      send(text) {
        if (!this.gone) native.send(text);
      },
      buffered() {
        return this.gone ? 0 : native.getBufferedAmount();
      },
      join(topic) {
        if (!this.gone) native.subscribe(topic);
      },
      leave(topic) {
        if (!this.gone) native.unsubscribe(topic);
      },
      close(code, reason) {
        if (!this.gone) native.end(code, reason);
      },
    });
    const known = new WeakMap<WebSocket<UserData<S>>, { gone: boolean }>();

    app.ws<UserData<S>>('/*', {
      maxPayloadLength: options.payload_bytes_max,
      idleTimeout: options.idle_timeout_s,
      sendPingsAutomatically: true,
      maxBackpressure: BUFFERED_BYTES_MAX,
      closeOnBackpressureLimit: true,
      upgrade(res, req, context) {
        const protocols = req.getHeader('sec-websocket-protocol') || null;
        const handshake = handshakeOf(res, req);
        const refusal = judgeHandshake(options, { path: req.getUrl(), protocols, handshake, sockets });
        if (refusal !== null) {
          res.writeStatus(`${refusal.status} ${refusal.reason}`).end(refusal.reason);
          return;
        }
        res.upgrade<UserData<S>>(
          { session: null, handshake },
          req.getHeader('sec-websocket-key'),
          protocols === null ? '' : options.protocol,
          req.getHeader('sec-websocket-extensions'),
          context,
        );
      },
      open(native) {
        sockets++;
        const socket = socketOf(native);
        known.set(native, socket);
        const data = native.getUserData();
        data.session = handlers.open(socket, data.handshake);
      },
      message(native, message, isBinary) {
        const { session } = native.getUserData();
        if (session !== null) handlers.message(session, isBinary ? null : decoder.decode(message));
      },
      drain(native) {
        const { session } = native.getUserData();
        if (session !== null) handlers.drain(session);
      },
      close(native) {
        sockets--;
        const socket = known.get(native);
        if (socket !== undefined) socket.gone = true;
        const { session } = native.getUserData();
        if (session !== null) handlers.closed(session);
      },
    });
    app.any('/*', (res) => {
      res.writeStatus('426 Upgrade Required').writeHeader('Upgrade', 'websocket').end('This is a WebSocket address.');
    });

    const listening = await new Promise<us_listen_socket | false>((resolve) => {
      app.listen(options.host, options.port, EXCLUSIVE_PORT, resolve);
    });
    if (listening === false) {
      app.close();
      throw new VitalsError('GV-SVC-006', 'The live address cannot be listened on', `${options.host}:${options.port}`);
    }
    return {
      kind: 'uws',
      port: library.us_socket_local_port(listening),
      publish(topic, text) {
        app.publish(topic, text);
      },
      async close() {
        app.close();
      },
    };
  };
}
