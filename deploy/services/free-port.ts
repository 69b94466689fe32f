import { createServer } from 'node:net';

/** The port that was free on loopback a moment ago, or null when it is taken or may not be used. 0 asks for any free one. */
export function probePort(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      const address = server.address();
      const found = address !== null && typeof address === 'object' ? address.port : null;
      server.close(() => resolve(found));
    });
  });
}

/**
 * The preferred port of loopback when it is free and not in `taken`, else any free one, which is added to `taken`.
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
    const port = await probePort(0);
    if (port !== null && !taken.has(port)) {
      taken.add(port);
      return port;
    }
  }
}
