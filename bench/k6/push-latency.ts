import { WebSocket } from 'ws';
import type { Clock } from '../../pipeline/clock.ts';

export interface PushLatency {
  readonly deltas: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
}

/**
 * From the making of a delta to its receipt, over a span, by sockets that watch a node each. Both clocks are this
 * machine's, and tell milliseconds.
 */
export async function pushLatency(options: {
  readonly live: string;
  readonly nodes: readonly string[];
  readonly span_ms: number;
  readonly clock: Clock;
}): Promise<PushLatency> {
  const { live, nodes, span_ms, clock } = options;
  const taken: number[] = [];
  const sockets = nodes.map((node) => {
    const socket = new WebSocket(live, 'gpu-vitals.v1');
    socket.on('open', () => socket.send(JSON.stringify({ op: 'subscribe', topic: `node/${node}` })));
    socket.on('message', (data: Buffer) => {
      const ts = /"type":"delta","ts":"([^"]+)"/.exec(data.toString('utf8', 0, 400))?.[1];
      if (ts !== undefined) taken.push(clock.now() - Date.parse(ts));
    });
    return socket;
  });
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve, reject) => {
          socket.once('open', () => resolve());
          socket.once('error', reject);
        }),
    ),
  );
  await new Promise((resolve) => setTimeout(resolve, span_ms));
  for (const socket of sockets) socket.terminate();
  taken.sort((a, b) => a - b);
  const at = (share: number): number =>
    taken[Math.min(taken.length - 1, Math.floor(taken.length * share))] ?? Number.NaN;
  return { deltas: taken.length, p50_ms: at(0.5), p99_ms: at(0.99) };
}
