import { type ChildProcess, spawn } from 'node:child_process';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { cutSockets } from '../../sinks/questdb/cut-sockets.ts';
import { ilpConnection } from '../../sinks/questdb/ilp-connection.ts';
import { until } from '../cli/cli.fixture.ts';
import { seconds } from '../contract/time.ts';
import { openNetwork, type TestNetwork } from './network.fixture.ts';

/** Rows that were on their way to the database when the cable was pulled, after it is back. */

const PORT = 9_000;
const DATABASE = `
  require('node:http').createServer((request, response) => {
    let body = '';
    request.on('data', (data) => { body += data; });
    request.on('end', () => { console.log(body); response.writeHead(204).end(); });
  }).listen(${PORT}, '0.0.0.0', () => console.log('listens'));`;

let network: TestNetwork | string;
let children: ChildProcess[] = [];
beforeAll(async () => {
  network = await openNetwork();
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
});
afterAll(() => {
  if (typeof network !== 'string') network?.remove();
});

it.for([
  { name: 'arrive when they are left to the kernel', cut: false, lines: ['before', 'late'] },
  { name: 'never arrive of a worker that stands still', cut: true, lines: ['before', 'after'] },
])('$name', async ({ cut, lines }, context) => {
  if (typeof network === 'string') {
    context.skip(network);
    return;
  }
  const name = cut ? 'cut' : 'left';
  const { address, within } = network.machine(name);
  const [program, ...args] = [...within, process.execPath, '-e', DATABASE];
  const child = spawn(program as string, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await until('the database listens', () => said.includes('listens'));
  const sockets = cutSockets();
  const connection = ilpConnection(`http://${address}:${PORT}`, seconds(30), sockets.add);
  const { signal } = new AbortController();
  const post = (row: string) => connection.post(Buffer.from(row), 'ms', signal);
  expect(await post('before')).toEqual({ kind: 'taken' });

  network.split([name]);
  const late = post('late');
  // It has left the process, and is nowhere yet.
  await new Promise((resolve) => setTimeout(resolve, 300));
  if (cut) sockets.cut();
  network.heal();
  expect(await late).toMatchObject({ kind: cut ? 'unavailable' : 'taken' });
  if (cut) expect(await post('after')).toEqual({ kind: 'taken' });
  // Longer than the kernel takes to send again what was not confirmed.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect(said.trim().split('\n').slice(1)).toEqual(lines);
  await connection.close();
});
