import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** The port that was free on loopback a moment ago, or null when it is taken or may not be used. */
function probePort(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      server.close(() => resolve(port));
    });
  });
}

/**
 * Below what Linux and macOS give to outgoing connections: a JVM takes seconds to listen, and until then any client of
 * this machine could be handed a port from their range.
 */
const ANY = { from: 20_000, to: 32_000 };

/**
 * The preferred port of loopback when it is free and not in `taken`, else any free one, out of twelve thousand. Adds it to `taken`.
 * Nothing holds the port until the caller's program listens on it, so a start that fails on it has to choose again.
 */
export async function freePort(preferred: number, taken: Set<number>): Promise<number> {
  if (preferred !== 0 && !taken.has(preferred)) {
    const port = await probePort(preferred);
    if (port !== null) {
      taken.add(port);
      return port;
    }
  }
  for (;;) {
    const port = await probePort(randomInt(ANY.from, ANY.to));
    if (port !== null && !taken.has(port)) {
      taken.add(port);
      return port;
    }
  }
}
