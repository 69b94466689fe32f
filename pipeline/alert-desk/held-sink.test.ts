import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { AlertRow } from '../../sinks/questdb/read-alerts.ts';
import { tableSink } from '../../sinks/questdb/table-sink.ts';
import { systemTimers } from '../clock.ts';
import { ALERTS } from '../contract/alert-tables.ts';
import { milliseconds, seconds } from '../contract/time.ts';
import { alertRow } from './alert-table.ts';
import { alertOf } from './desk.fixture.ts';
import { handlingOf } from './handling.ts';
import { heldSink } from './held-sink.ts';

const PATIENCE = { timeout: 15_000 };
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const row = (id: string): AlertRow => {
  const alert = alertOf({ id });
  return alertRow(alert, handlingOf(alert, undefined));
};

/** A sink into a database that answers as told, and a lease by hand. */
async function world(answer: (response: ServerResponse) => void) {
  const asked = { connections: 0, requests: 0, cut: 0, taken: 0 };
  const now = { answer, held: true };
  const server = createServer((request, response) => {
    asked.requests++;
    response.on('close', () => {
      if (!response.writableFinished) asked.cut++;
    });
    request.resume().on('end', () => {
      now.answer(response);
      if (response.statusCode === 204) asked.taken++;
    });
  });
  server.on('connection', () => asked.connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  let look = (): void => undefined;
  const sink = heldSink({
    held: () => now.held,
    timers: {
      ...systemTimers,
      every(_interval, run) {
        look = run;
        return () => undefined;
      },
    },
    open: (guard) =>
      tableSink<AlertRow>(ALERTS, {
        ...{ ...guard, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
        ...{ rows_max: 1, waiting_max: 10, age_max: milliseconds(1), answer_timeout: seconds(15) },
        ...{ backoff_min: milliseconds(5), backoff_max: milliseconds(5), close_timeout: seconds(15) },
        ...{ onRefused: () => undefined, onEvent: () => undefined },
      }),
  });
  ends.push(async () => {
    sink.lose();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { sink, asked, now, look: () => look() };
}

const refuses = (response: ServerResponse): void => void response.writeHead(503).end();
const takes = (response: ServerResponse): void => void response.writeHead(204).end();

it('writes while the lease is held', async () => {
  const { sink, asked } = await world(takes);
  for (const id of ['a', 'b', 'c']) sink.write(row(id));
  await sink.flush();
  sink.write(row('d'));
  await sink.close();
  expect([asked.taken, sink.signal.aborted]).toEqual([4, false]);
});

it('drops what waits when the lease is over, also when it is there again', async () => {
  const { sink, asked, now } = await world(refuses);
  for (let n = 0; n < 12; n++) sink.write(row(`${n}`));
  const full = sink.pressure();
  const flushed = sink.flush();
  await expect.poll(() => asked.requests, PATIENCE).toBeGreaterThan(1);
  now.held = false;
  await expect(flushed).rejects.toThrow('not taken');
  await full;
  const { requests } = asked;
  Object.assign(now, { held: true, answer: takes });
  sink.write(row('later'));
  await expect(sink.flush()).rejects.toThrow('aborted');
  await sink.close();
  expect([sink.signal.aborted, sink.pressure(), asked.requests, asked.taken]).toEqual([true, null, requests, 0]);
});

it('cuts a request that is under way when the lease is over', async () => {
  const { sink, asked, now, look } = await world(() => undefined);
  sink.write(row('a'));
  const flushed = sink.flush();
  await expect.poll(() => asked.requests, PATIENCE).toBe(1);
  look();
  expect(sink.signal.aborted).toBe(false);
  now.held = false;
  look();
  await expect(flushed).rejects.toThrow('not taken');
  await expect.poll(() => asked.cut, PATIENCE).toBe(1);
});

it('sends nothing over a connection that comes about after the lease is over', async () => {
  const { sink, asked, now, look } = await world(takes);
  sink.write(row('a'));
  const flushed = sink.flush();
  now.held = false;
  look();
  await expect(flushed).rejects.toThrow('not taken');
  await expect.poll(() => asked.connections, PATIENCE).toBe(1);
  expect(asked.requests).toBe(0);
});
