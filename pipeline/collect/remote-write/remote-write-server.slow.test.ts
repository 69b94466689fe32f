import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { authority, hasOpenssl } from '../../../server/security/certificates.fixture.ts';
import { START, testReceiver } from './receiver.fixture.ts';
import { type RemoteWriteServerOptions, startRemoteWriteServer } from './remote-write-server.ts';
import { requestV1, requestV2, type SentSeries } from './request.fixture.ts';
import type { SeriesLimits } from './series-room.ts';

const V1 = 'application/x-protobuf';
const V2 = 'application/x-protobuf;proto=io.prometheus.write.v2.Request';

const series = (value: number): SentSeries => ({
  labels: { __name__: 'DCGM_FI_DEV_GPU_TEMP', UUID: 'GPU-a', instance: 'node-7:9400', job: 'dcgm' },
  samples: [[START, value]],
});

async function serve(options: Partial<RemoteWriteServerOptions> = {}, limits: SeriesLimits = {}) {
  const { receiver } = testReceiver(limits);
  const server = await startRemoteWriteServer({
    host: '127.0.0.1',
    port: 0,
    take: (packed, version) => receiver.take(packed, version),
    busy: () => null,
    putOff: (detail) => receiver.putOff(detail),
    authorization: () => null,
    ...options,
  });
  onTestFinished(() => server.close());
  const post = (body: Uint8Array, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
    fetch(server.url, {
      method: 'POST',
      body: Uint8Array.from(body),
      headers: { 'Content-Type': V1, 'Content-Encoding': 'snappy', ...headers },
    });
  return { server, receiver, post };
}

describe('the answer to a request', () => {
  it.each([
    ['1.0 by its type', V1, requestV1([series(40)])],
    ['1.0 by its name', `${V1};proto=prometheus.WriteRequest`, requestV1([series(40)])],
    ['2.0', V2, requestV2([series(40)])],
    [
      '2.0 spelled otherwise',
      'Application/X-Protobuf; proto="io.prometheus.write.v2.Request"',
      requestV2([series(40)]),
    ],
  ])('is 204 and tells what was written: %s', async (_, type, body) => {
    const { post, receiver } = await serve();
    const answer = await post(body, { 'Content-Type': type });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('x-prometheus-remote-write-samples-written')).toBe('1');
    expect(answer.headers.get('x-prometheus-remote-write-histograms-written')).toBe('0');
    expect(answer.headers.get('x-prometheus-remote-write-exemplars-written')).toBe('0');
    expect(receiver.counters).toMatchObject({ requests: 1, series: 1 });
  });

  it.each([
    ['another message', { 'Content-Type': `${V1};proto=io.prometheus.write.v3.Request` }],
    ['another type', { 'Content-Type': 'application/json' }],
    ['another packing', { 'Content-Encoding': 'gzip' }],
  ])('is 415 to %s', async (_, headers) => {
    const { post, receiver } = await serve();
    expect((await post(requestV1([series(40)]), headers)).status).toBe(415);
    expect(receiver.counters.requests).toBe(0);
  });

  it('is 400 to what cannot be read, in one line', async () => {
    const { post } = await serve();
    const answer = await post(Uint8Array.from([5, 0xff, 0xff]));
    expect(answer.status).toBe(400);
    expect(answer.headers.get('x-prometheus-remote-write-samples-written')).toBe('0');
    expect(await answer.text()).toMatch(/^[^\n]+\n$/);
  });

  it('is 400 to what holds something wrong, and says that the rest was taken', async () => {
    const { post } = await serve();
    const answer = await post(requestV2([series(40), { labels: { a: 'b' }, samples: [[START, 1]] }]), {
      'Content-Type': V2,
    });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('x-prometheus-remote-write-samples-written')).toBe('1');
    expect(await answer.text()).toContain('__name__');
  });

  it('is 503 with a time while it is busy, and then nothing was taken', async () => {
    let busy: string | null = 'NATS is away';
    const { post, receiver } = await serve({ busy: () => busy });
    const answer = await post(requestV1([series(40)]));
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await answer.text()).toContain('NATS is away');
    busy = null;
    expect((await post(requestV1([series(40)]))).status).toBe(204);
    expect(receiver.counters).toMatchObject({ requests: 1, repeated_samples: 0 });
  });

  it('is 400 to labels that are too long, and the rest was taken', async () => {
    const { post } = await serve();
    const { labels, samples } = series(40);
    const answer = await post(requestV1([{ labels: { ...labels, pod: 'x'.repeat(20_000) }, samples }, series(40)]));
    expect(answer.status).toBe(400);
    expect(answer.headers.get('x-prometheus-remote-write-samples-written')).toBe('1');
    expect(await answer.text()).toContain('longer than 16384 bytes');
  });

  it('is 503 with a time to more series than are kept, and 204 to those', async () => {
    const { post } = await serve({}, { series_max: 1 });
    const { labels, samples } = series(40);
    expect((await post(requestV1([series(40)]))).status).toBe(204);
    const answer = await post(requestV1([{ labels: { ...labels, UUID: 'GPU-b' }, samples }]));
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await answer.text()).toContain('too many series');
    expect((await post(requestV1([series(41)]))).status).toBe(204);
  });

  it('is 413 to a body that is too large, whether it says so or not', async () => {
    const { post, server } = await serve({ body_max_bytes: 100 });
    expect((await post(new Uint8Array(101))).status).toBe(413);
    const stream = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(60));
      },
    });
    const init = { method: 'POST', body: stream, duplex: 'half', headers: { 'Content-Type': V1 } };
    const answer = await fetch(server.url, init as RequestInit).then(
      ({ status }) => status,
      () => 'cut',
    );
    expect([413, 'cut']).toContain(answer);
  });

  it('is 404 and 405 elsewhere', async () => {
    const { server } = await serve();
    expect((await fetch(server.url)).status).toBe(405);
    expect((await fetch(new URL('/metrics', server.url))).status).toBe(404);
    expect((await fetch(`${new URL(server.url).origin}//`)).status).toBe(404);
  });
});

/** As it is sent, without what `fetch` adds by itself. */
const bare = (url: string, headers: Readonly<Record<string, string>>, body = requestV1([series(40)])) =>
  new Promise<number>((resolve, reject) => {
    const asked = request(url, { method: 'POST', headers }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
    asked.on('error', reject).end(body);
  });

describe('a web page', () => {
  it.each([
    ['says where it comes from', { Origin: 'https://evil.example' }],
    ['is on this machine too', { Origin: 'http://127.0.0.1:3000' }],
    ['is a browser', { 'Sec-Fetch-Site': 'cross-site' }],
    ['has a name that was made to mean this machine', { Host: 'evil.example:9201' }],
  ])('that %s may not write', async (_, headers) => {
    const { server, receiver } = await serve();
    expect(await bare(server.url, { 'Content-Type': V1, ...headers })).toBe(403);
    expect(receiver.counters.requests).toBe(0);
  });

  it('may not leave the type out', async () => {
    const { server, receiver } = await serve();
    expect(await bare(server.url, {})).toBe(415);
    expect(receiver.counters.requests).toBe(0);
  });

  it.each(['localhost:9201', '127.0.0.1', '[::1]:9201'])('is none that calls this machine %s', async (Host) => {
    const { server } = await serve();
    expect(await bare(server.url, { 'Content-Type': V1, Host })).toBe(204);
  });

  it('cannot know a token', async () => {
    const { server } = await serve({ authorization: () => 'Bearer a' });
    const headers = { 'Content-Type': V1, Host: 'collector.internal' };
    expect(await bare(server.url, headers)).toBe(401);
    expect(await bare(server.url, { ...headers, Authorization: 'Bearer a' })).toBe(204);
  });
});

describe('a token', () => {
  it.each([
    ['no token', {}, 401],
    ['another one', { Authorization: 'Bearer b' }, 401],
    ['the right one', { Authorization: 'Bearer a' }, 204],
  ])('with %s', async (_, headers, status) => {
    const { post } = await serve({ authorization: () => 'Bearer a' });
    expect((await post(requestV1([series(40)]), headers)).status).toBe(status);
  });

  it('that cannot be read puts requests off', async () => {
    const { post } = await serve({
      authorization: () => {
        throw new Error('no such file');
      },
    });
    expect((await post(requestV1([series(40)]))).status).toBe(503);
  });
});

it.skipIf(!hasOpenssl)('speaks TLS with a certificate, and nothing else (needs openssl)', async () => {
  const ca = authority();
  onTestFinished(() => ca.remove());
  const { server } = await serve({ tls: ca.issue('collector'), authorization: () => 'Bearer a' });
  expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/api\/v1\/write$/);
  const headers = { 'Content-Type': V1, Authorization: 'Bearer a' };
  const status = await new Promise((resolve, reject) => {
    const asked = requestTls(server.url, { method: 'POST', headers, ca: readFileSync(ca.ca_file) }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode));
    });
    asked.on('error', reject).end(requestV1([series(40)]));
  });
  expect(status).toBe(204);
  await expect(bare(server.url.replace('https:', 'http:'), headers)).rejects.toThrow();
});

it('tells of a port that is taken', async () => {
  const { server } = await serve();
  const port = Number(new URL(server.url).port);
  await expect(serve({ port })).rejects.toMatchObject({ code: 'GV-SVC-006' });
});

it('goes on when a sender goes away in the middle', async () => {
  const { server, post } = await serve();
  const { port } = new URL(server.url);
  const socket = connect(Number(port), '127.0.0.1');
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  socket.write(
    `POST /api/v1/write HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ${V1}\r\nContent-Length: 1000\r\n\r\nabc`,
  );
  socket.destroy();
  expect((await post(requestV1([series(40)]))).status).toBe(204);
});
