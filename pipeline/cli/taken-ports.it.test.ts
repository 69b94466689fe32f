import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../deploy/services/free-port.ts';
import { startSocketServer } from '../../sinks/live/start-socket-server.ts';
import { endCliRuns, runCli } from './cli.fixture.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-taken-'));
});
afterAll(async () => {
  await endCliRuns();
  await rm(folder, { recursive: true, force: true });
});

type Hold = (port: number) => Promise<() => unknown>;

const byAnybody: Hold = async (port) => {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return () => server.close();
};

/** As another `up` or `serve` holds it: the library would share the port with its like. */
const byLiveServer: Hold = async (port) => {
  const options = { host: '127.0.0.1', path: '/live', protocol: 'test', payload_bytes_max: 1_024, idle_timeout_s: 60 };
  const server = await startSocketServer(
    { ...options, port, sockets_max: 10, allow: () => true },
    { open: () => null, message: () => {}, drain: () => {}, closed: () => {} },
  );
  return () => server.close();
};

it.each([
  ['api', 'anybody', byAnybody],
  ['live', 'anybody', byAnybody],
  ['live', 'another live server', byLiveServer],
] as const)('up refuses an --%s port that %s has with 1 and leaves nothing running', async (option, who, hold) => {
  const port = await freePort(0, new Set());
  const release = await hold(port);
  const own = join(folder, `${option}-${who.replaceAll(' ', '-')}`);
  const addresses = { api: '127.0.0.1:0', live: '127.0.0.1:0', [option]: `127.0.0.1:${port}` };
  const args = ['up', '--gpus', '8', '--stories', 'none', '--api', addresses.api, '--live', addresses.live];
  const { code, stdout, stderr } = await runCli([...args, '--data', own, '--json']);
  await release();
  expect([code, stdout]).toEqual([1, '']);
  const last = JSON.parse(stderr.trim().split('\n').at(-1) as string);
  expect(last).toMatchObject({ code: 'GV-SVC-006', where: expect.stringContaining(String(port)) });
  const status = await runCli(['services', 'status', '--data', own, '--json']);
  expect(JSON.parse(status.stdout)).toMatchObject([{ state: 'stopped' }, { state: 'stopped' }]);
});
