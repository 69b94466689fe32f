import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { freePort } from './free-port.ts';

it('takes the preferred port while it is free, and another one when it is listened on or promised', async () => {
  const taken = new Set<number>();
  const port = await freePort(0, new Set());
  expect(await freePort(port, taken)).toBe(port);
  expect(await freePort(port, taken)).not.toBe(port);
  const blocker = createServer().listen(port, '127.0.0.1');
  await once(blocker, 'listening');
  const other = await freePort(port, new Set());
  blocker.close();
  expect(other).not.toBe(port);
  expect(other).toBeGreaterThanOrEqual(20_000);
  expect(other).toBeLessThan(32_000);
});
