import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, vi } from 'vitest';
import { followGoHeap, liveBytes } from './go-heap.ts';

const MIB = 1_048_576;

it.each([
  ['the default of Go', { memstats: { NextGC: 80 * MIB, NumGC: 3 } }, 100, 40 * MIB],
  ['four times what lives', { memstats: { NextGC: 160 * MIB, NumGC: 3 } }, 300, 40 * MIB],
  ['before the first collection', { memstats: { NextGC: 4 * MIB, NumGC: 0 } }, 100, null],
  ['something else', { memstats: [] }, 100, null],
  ['nothing', null, 100, null],
])('reads what lives: %s', (_, told, gogc, expected) => {
  expect(liveBytes(told, gogc)).toBe(expected);
});

it('follows a program that answers, and knows nothing of one that does not', async () => {
  const server = createServer((_, response) => {
    response.end(JSON.stringify({ cmdline: [], memstats: { NextGC: 160 * MIB, NumGC: 1 } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const heap = followGoHeap({ url: `http://127.0.0.1:${port}`, gogc: 300 });
  const nobody = followGoHeap({ url: 'http://127.0.0.1:1', gogc: 300 });
  try {
    await vi.waitFor(() => expect(heap.live_bytes).toBe(40 * MIB));
    expect(nobody.live_bytes).toBeNull();
  } finally {
    heap.stop();
    nobody.stop();
    server.closeAllConnections();
    server.close();
  }
});
