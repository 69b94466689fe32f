import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

export interface CutSockets {
  readonly add: (socket: Socket) => void;
  /** Ends them, and forgets what the kernel still holds: a request that has not wholly left never arrives. */
  cut(): void;
}

/** Sockets over which something may be on its way that must not arrive late. */
export function cutSockets(): CutSockets {
  const open = new Set<Socket>();
  return {
    add(socket) {
      open.add(socket);
      socket.once('close', () => open.delete(socket));
    },
    cut() {
      for (const socket of open) {
        // Below TLS Node resets nothing: there what the kernel holds still goes out.
        if (socket instanceof TLSSocket || socket.connecting) socket.destroy();
        else socket.resetAndDestroy();
      }
      open.clear();
    },
  };
}
