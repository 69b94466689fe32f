import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** Bytes that went through, both ways. */
  readonly bytes: () => number;
  /** Breaks every connection, and refuses new ones until `mend`. */
  cut(): void;
  /** Nothing gets through, either way, and nobody is told, until `mend`. */
  stall(): void;
  /** At most so many bytes a second, each way, until `mend`. */
  slow(bytes_per_second: number): void;
  mend(): void;
  close(): Promise<void>;
}

/** A throttled way passes on this often. */
const TURN_MS = 20;

/** A TCP connection through this process to a port of this machine, which can be cut, held up and slowed. */
export async function tcpProxy(to_port: () => number): Promise<TcpProxy> {
  const pairs = new Set<{ readonly ends: readonly [Socket, Socket]; turn(): void }>();
  let state: 'open' | 'cut' | 'stalled' = 'open';
  let rate = Number.POSITIVE_INFINITY;
  let bytes = 0;
  let timer: NodeJS.Timeout | null = null;

  const turns = (): void => {
    for (const pair of pairs) pair.turn();
    if (timer !== null || (state === 'open' && rate === Number.POSITIVE_INFINITY)) return;
    timer = setInterval(() => {
      for (const pair of pairs) pair.turn();
    }, TURN_MS);
  };

  /** Passes on what one end says, as fast as it may; reads no more while the other end is full or held up. */
  const way = (from: Socket, to: Socket): (() => void) => {
    const waiting: Buffer[] = [];
    let ended = false;
    const turn = (): void => {
      let left = state === 'stalled' ? 0 : (rate * TURN_MS) / 1_000;
      while (waiting.length > 0 && left > 0) {
        const first = waiting.shift() as Buffer;
        const part = first.subarray(0, Math.max(1, Math.floor(left)));
        if (part.length < first.length) waiting.unshift(first.subarray(part.length));
        left -= part.length;
        bytes += part.length;
        to.write(part);
      }
      if (waiting.length > 0) from.pause();
      else if (ended) to.end();
      else if (!to.writableNeedDrain) from.resume();
    };
    from.on('data', (chunk: Buffer) => {
      waiting.push(chunk);
      if (state === 'open' && rate === Number.POSITIVE_INFINITY) turn();
      else from.pause();
      if (to.writableNeedDrain) from.pause();
    });
    from.on('end', () => {
      ended = true;
      turn();
    });
    to.on('drain', turn);
    return turn;
  };

  const server = createServer({ allowHalfOpen: true }, (near) => {
    if (state === 'cut') {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ port: to_port(), host: '127.0.0.1', allowHalfOpen: true });
    near.setNoDelay(true);
    far.setNoDelay(true);
    const [out, back] = [way(near, far), way(far, near)];
    const pair = {
      ends: [near, far] as const,
      turn() {
        out();
        back();
      },
    };
    pairs.add(pair);
    const over = (): void => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const end of pair.ends) end.on('error', over).on('close', over);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');

  const breakAll = (): void => {
    for (const { ends } of pairs) for (const end of ends) end.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    bytes: () => bytes,
    cut() {
      state = 'cut';
      breakAll();
    },
    stall() {
      state = 'stalled';
      turns();
    },
    slow(bytes_per_second) {
      rate = bytes_per_second;
      turns();
    },
    mend() {
      state = 'open';
      rate = Number.POSITIVE_INFINITY;
      if (timer !== null) clearInterval(timer);
      timer = null;
      for (const pair of pairs) pair.turn();
    },
    async close() {
      if (timer !== null) clearInterval(timer);
      server.close();
      breakAll();
    },
  };
}
