import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { milliseconds, seconds } from '../../pipeline/contract/time.ts';
import { databaseAnswers } from './database-answers.ts';

let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = null;
});

async function listening(answer: RequestListener): Promise<string> {
  const listens = createServer(answer);
  server = listens;
  await new Promise<void>((resolve) => listens.listen(0, '127.0.0.1', resolve));
  return `http://user:word@127.0.0.1:${(listens.address() as AddressInfo).port}`;
}

it.each([
  [204, true],
  [401, true],
  [404, true],
  [503, false],
])('takes status %s for an answer: %s', async (status, answers) => {
  const url = await listening((_, response) => response.writeHead(status).end());
  expect(await databaseAnswers(url, seconds(5))).toBe(answers);
});

it('does not wait for a database that is silent', async () => {
  expect(await databaseAnswers(await listening(() => undefined), milliseconds(50))).toBe(false);
});

it('knows that nobody listens', async () => {
  const url = await listening((_, response) => response.end());
  server?.close();
  expect(await databaseAnswers(url, seconds(5))).toBe(false);
  expect(await databaseAnswers('no address', seconds(5))).toBe(false);
});
