import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ANOMALIES } from '../../pipeline/contract/tables.ts';
import { milliseconds, seconds } from '../../pipeline/contract/time.ts';
import { type GpuMetricsSink, gpuMetricsSink } from './gpu-metrics-sink.ts';
import { chunkSlice, createChunk, decodeRow } from './row-chunk.ts';
import { rowEncoder } from './row-encoder.ts';
import type { DeliveryOptions, RefusedRow, SinkEvent } from './sink-events.ts';
import { type TableSink, tableSink } from './table-sink.ts';
import { batchOf, type TestRow } from './test-batches.fixture.ts';

const NOW = 1_795_260_000_000;
const row = (i: number): TestRow => ({
  ts: NOW + i,
  gpu_uuid: `GPU-${i}`,
  node: 'n',
  metrics: { power_watts: i + 0.5 },
});
const rows = (from: number, to: number): TestRow[] => Array.from({ length: to - from }, (_, i) => row(from + i));
/** All rows above have names of one length from 1000 on: requests can be cut without a parser. */
const rowBytes = (i: number): Buffer => {
  const chunk = createChunk(4_096, 1);
  rowEncoder('gpu_metrics').append(batchOf([row(i)]), 0, chunk);
  return Buffer.from(chunkSlice(chunk, 0, 1));
};
const BASE = 1_000;
const SIZE = rowBytes(BASE).length;
const uuidsOf = (body: Buffer): string[] =>
  Array.from({ length: body.length / SIZE }, (_, i) =>
    String(decodeRow(body.subarray(i * SIZE, (i + 1) * SIZE)).gpu_uuid),
  );

type Answer = (body: Buffer, response: ServerResponse) => void;
const taken: Answer = (_, response) => response.writeHead(204).end();
const failing =
  (status: number, message: string): Answer =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ code: 'x', message }));

const undo: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function fakeQuestdb(first: Answer): Promise<{ url: string; bodies: Buffer[]; answer: (next: Answer) => void }> {
  let current = first;
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts);
      bodies.push(body);
      current(body, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  undo.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    answer: (next) => {
      current = next;
    },
  };
}

interface Told {
  readonly events: SinkEvent[];
  readonly refused: RefusedRow[];
}

const delivery = (url: string, told: Told): DeliveryOptions => ({
  url,
  age_max: milliseconds(5),
  answer_timeout: seconds(5),
  backoff_min: milliseconds(1),
  backoff_max: milliseconds(8),
  close_timeout: milliseconds(300),
  onRefused: (list) => told.refused.push(...list),
  onEvent: (event) => told.events.push(event),
});

function metricsSink(
  url: string,
  limits: { rows_max?: number; bytes_max?: number; held_share?: number } = {},
): { sink: GpuMetricsSink } & Told {
  const told: Told = { events: [], refused: [] };
  const sink = gpuMetricsSink({
    ...delivery(url, told),
    rows_max: 10,
    bytes_max: 1 << 16,
    chunks_max: 4,
    held_share: 0,
    ...limits,
  });
  undo.push(() => sink.close().catch(() => {}));
  return { sink, ...told };
}

describe('samples into a database that misbehaves', () => {
  it.each([
    ['500', failing(500, 'internal error')],
    ['503', failing(503, 'busy')],
    ['429', failing(429, 'slow down')],
    ['a missing table', failing(400, 'table: gpu_metrics; table does not exist, creating new tables is disabled')],
    ['a broken connection', ((_, response) => response.destroy()) as Answer],
  ])('sends again after %s, in order, until it is taken', async (_, trouble) => {
    const server = await fakeQuestdb(trouble);
    const { sink, events, refused } = metricsSink(server.url);
    sink.write(batchOf(rows(BASE, BASE + 25)));
    const done = sink.flush();
    await vi.waitFor(() => expect(server.bodies.length).toBeGreaterThan(3));
    const failed = server.bodies.length;
    server.answer(taken);
    await done;
    const stored = server.bodies.slice(failed).flatMap(uuidsOf);
    expect(new Set(server.bodies.slice(0, failed).flatMap(uuidsOf))).toEqual(
      new Set(rows(BASE, BASE + 10).map((r) => r.gpu_uuid)),
    );
    expect(stored.slice(-25)).toEqual(rows(BASE, BASE + 25).map((r) => r.gpu_uuid));
    expect(sink.counts()).toMatchObject({ rows_written: 25, rows_refused: 0, rows_waiting: 0 });
    expect(sink.counts().retries).toBeGreaterThanOrEqual(failed - 1);
    expect(events.map((event) => [event.code, event.state])).toEqual([
      ['GV-SNK-001', 'trouble'],
      ['GV-SNK-001', 'recovered'],
    ]);
    expect(refused).toEqual([]);
  });

  it('keeps the newest rows of a full request for the next, cut between two instants', async () => {
    const server = await fakeQuestdb(taken);
    const { sink } = metricsSink(server.url, { rows_max: 16, held_share: 1 / 4 });
    // A second poll brings two groups, whose times overlap; an instant has three rows.
    const at = (i: number): TestRow => ({ ...row(BASE + i), ts: NOW + Math.floor(i / 3) });
    const all = Array.from({ length: 24 }, (_, i) => at(i));
    sink.write(batchOf(all.slice(0, 12)));
    sink.write(batchOf(all.filter((_, i) => i >= 12 && i % 2 === 0)));
    sink.write(batchOf(all.filter((_, i) => i >= 12 && i % 2 === 1)));
    await sink.flush();
    expect(server.bodies.map((body) => uuidsOf(body).sort())).toEqual([
      all.slice(0, 12).map((r) => r.gpu_uuid),
      all.slice(12).map((r) => r.gpu_uuid),
    ]);
    expect(sink.counts()).toMatchObject({ rows_written: 24, rows_waiting: 0 });
  });

  it('waits through a full disk and tells it as such', async () => {
    const server = await fakeQuestdb(failing(500, 'could not append [errno=28] No space left on device'));
    const { sink, events } = metricsSink(server.url);
    sink.write(batchOf(rows(BASE, BASE + 3)));
    await vi.waitFor(() => expect(events[0]?.code).toBe('GV-SNK-004'));
    server.answer(taken);
    await sink.flush();
    expect(events.at(-1)).toMatchObject({ code: 'GV-SNK-004', state: 'recovered' });
  });

  it('finds the bad rows of a refused request, hands them back and stores all others once', async () => {
    const bad = new Set(['GPU-1003', 'GPU-1004', 'GPU-1017']);
    const stored: string[] = [];
    const server = await fakeQuestdb((body, response) => {
      const uuids = uuidsOf(body);
      if (uuids.some((uuid) => bad.has(uuid))) return failing(400, 'cast error in line 1')(body, response);
      stored.push(...uuids);
      return taken(body, response);
    });
    const { sink, refused } = metricsSink(server.url, { rows_max: 20 });
    sink.write(batchOf(rows(BASE, BASE + 20)));
    await sink.flush();
    expect(stored).toEqual(
      rows(BASE, BASE + 20)
        .map((r) => r.gpu_uuid)
        .filter((uuid) => !bad.has(uuid)),
    );
    expect(refused.map((one) => one.row.gpu_uuid)).toEqual([...bad]);
    expect(refused[0]).toMatchObject({
      table: 'gpu_metrics',
      row: { ts: NOW + 1003, node: 'n', instance: '', power_watts: 1003.5 },
      reason: expect.stringContaining('cast error'),
    });
    expect(sink.counts()).toMatchObject({ rows_written: 17, rows_refused: 3 });
  });

  it('holds the source when its memory is used up and lets it go on afterwards', async () => {
    const server = await fakeQuestdb(failing(503, 'busy'));
    const { sink } = metricsSink(server.url);
    expect(sink.pressure()).toBeNull();
    sink.write(batchOf(rows(BASE, BASE + 35)));
    const pressure = sink.pressure();
    expect(pressure).not.toBeNull();
    server.answer(taken);
    await pressure;
    expect(sink.pressure()).toBeNull();
    // A source that does not wait is still taken whole.
    server.answer(failing(503, 'busy'));
    sink.write(batchOf(rows(BASE + 35, BASE + 200)));
    expect(sink.counts().rows_waiting).toBeGreaterThanOrEqual(165);
    server.answer(taken);
    await sink.flush();
    expect(sink.counts()).toMatchObject({ rows_written: 200, rows_waiting: 0 });
  });

  it('sends by age without being asked', async () => {
    const server = await fakeQuestdb(taken);
    const { sink } = metricsSink(server.url);
    sink.write(batchOf([row(BASE)]));
    await vi.waitFor(() => expect(server.bodies).toHaveLength(1));
    await vi.waitFor(() => expect(sink.counts().rows_written).toBe(1));
  });

  it('refuses a row that no request can hold and goes on', async () => {
    const server = await fakeQuestdb(taken);
    const { sink, refused } = metricsSink(server.url, { bytes_max: 2_000 });
    sink.write(batchOf([row(BASE), { ...row(BASE), gpu_uuid: 'x'.repeat(5_000) }, row(BASE + 1)]));
    await sink.flush();
    expect(refused).toHaveLength(1);
    expect(server.bodies.flatMap(uuidsOf)).toEqual(['GPU-1000', 'GPU-1001']);
  });

  it('close gives up after its time, and says so to who waits for a flush', async () => {
    const server = await fakeQuestdb(failing(503, 'busy'));
    const { sink } = metricsSink(server.url);
    sink.write(batchOf([row(BASE)]));
    const flushed = expect(sink.flush()).rejects.toMatchObject({ code: 'GV-SNK-001' });
    await expect(sink.close()).rejects.toMatchObject({ code: 'GV-SNK-001' });
    await flushed;
  });
});

describe('rows of a small table', () => {
  const anomaly = (i: number): Record<string, unknown> => ({
    ts: NOW + i,
    gpu_uuid: `GPU-${i}`,
    node: 'n 1',
    instance: '',
    id: `id-${i}`,
    score: 4.5,
    explanation: 'a "quoted" \\ text,\nwith all=signs',
    opened_at: NOW + i,
    closed_at: null,
  });

  async function anomalies(
    first: Answer,
  ): Promise<{ sink: TableSink<Record<string, unknown>>; server: Awaited<ReturnType<typeof fakeQuestdb>> } & Told> {
    const told: Told = { events: [], refused: [] };
    const server = await fakeQuestdb(first);
    const sink = tableSink(ANOMALIES, { ...delivery(server.url, told), rows_max: 5, waiting_max: 10 });
    undo.push(() => sink.close().catch(() => {}));
    return { sink, server, ...told };
  }

  it('waits for company, retries, keeps the order', async () => {
    const { sink, server } = await anomalies(failing(503, 'busy'));
    for (let i = 0; i < 12; i++) sink.write(anomaly(i));
    expect(sink.pressure()).not.toBeNull();
    const done = sink.flush();
    await vi.waitFor(() => expect(server.bodies.length).toBeGreaterThan(2));
    const failed = server.bodies.length;
    server.answer(taken);
    await done;
    const ids =
      server.bodies
        .slice(failed)
        .join('')
        .match(/id-\d+/g) ?? [];
    expect(ids.slice(-12)).toEqual(Array.from({ length: 12 }, (_, i) => `id-${i}`));
    expect(sink.pressure()).toBeNull();
  });

  it('leaves NULL out and hands back what cannot be spelled', async () => {
    const { sink, server, refused } = await anomalies(taken);
    sink.write({ ...anomaly(1), score: Number.NaN });
    sink.write({ ...anomaly(2), ts: Number.NaN });
    sink.write({ ...anomaly(3), observed: 'much' });
    sink.write(anomaly(4));
    await sink.flush();
    expect(refused.map((one) => one.row.id)).toEqual(['id-2', 'id-3']);
    const body = server.bodies.join('');
    expect(body).toContain('id-1');
    expect(body).toContain('id-4');
    expect(body).not.toContain('closed_at');
    expect(body.match(/score==/g)).toHaveLength(1);
  });
});
