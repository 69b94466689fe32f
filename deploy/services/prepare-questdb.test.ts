import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { prepareQuestdb } from './prepare-questdb.ts';
import type { PreparedService } from './services-options.ts';

let data: string;
let prepared: PreparedService;
let http: Server | null = null;
let pg: TcpServer | null = null;
beforeEach(async () => {
  data = realpathSync(mkdtempSync(join(tmpdir(), 'gpu-vitals-questdb-')));
  const found = { program: 'java', jar: 'questdb.jar', java_major: 17, source: 'PATH' };
  const context = { env: {}, cache: data, platform: 'linux-x64', report: () => undefined, tried: [] };
  const ports = { questdb_http: 0, questdb_pg: 0 };
  prepared = await prepareQuestdb(found, { data, ports }, context, new Set());
});
afterEach(async () => {
  for (const server of [http, pg]) await new Promise((resolve) => (server ? server.close(resolve) : resolve(null)));
  http = null;
  pg = null;
  rmSync(data, { recursive: true });
});

/** What answers on the ports that were chosen. */
async function listen(root: string | null): Promise<void> {
  http = createServer((request, response) => {
    const query = new URL(request.url ?? '', 'http://x').searchParams.get('query') ?? '';
    const rows = query.includes('build()') ? [['Build Information: QuestDB 9.3.4']] : root === null ? [] : [[root]];
    response.setHeader('Connection', 'close');
    response.end(JSON.stringify({ query, dataset: rows }));
  });
  pg = createTcpServer((socket) => socket.destroy());
  const { url, pg_url } = prepared.urls;
  await new Promise<void>((resolve) => http?.listen(Number(new URL(url).port), '127.0.0.1', resolve));
  await new Promise<void>((resolve) => pg?.listen(Number(new URL(pg_url).port), '127.0.0.1', resolve));
}

it('is not ready while nothing listens', async () => {
  expect(await prepared.probe()).toBeNull();
});

it('is ready when the QuestDB of its own folder answers', async () => {
  await listen(join(data, 'questdb', 'tmp'));
  expect(await prepared.probe()).toBe('9.3.4');
});

it('takes a release that does not tell its folder as it is', async () => {
  await listen(null);
  expect(await prepared.probe()).toBe('9.3.4');
});

it('does not take a stranger on its port for its own', async () => {
  await listen(join(data, 'somewhere else', 'tmp'));
  expect(await prepared.probe()).toBeNull();
});
