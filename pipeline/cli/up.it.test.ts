import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { isRunning, type ProcessIdentity, processIdentity } from '../../deploy/services/process-identity.ts';
import { type LiveMessage, liveMessageSchema } from '../../server/schemas-fleet.ts';
import { connectDatabase } from '../../sinks/questdb/connect-database.ts';
import { connectBus } from '../bus/connect-bus.ts';
import { systemClock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import type { Database } from '../contract/database.ts';
import type { Anomaly, HealthScore } from '../contract/events.ts';
import { FEATURE_COUNT } from '../contract/features.ts';
import { seconds } from '../contract/time.ts';
import { ownMetricsPage } from '../own-metrics-page.ts';
import { type CliRun, endCliRuns, readyLine, runCli, servicePids, startCli, until } from './cli.fixture.ts';

/** `gpu-vitals up` as a person meets it: the built command in a process of its own, everything else over its ports. */
const GPUS = 16;
const HISTORY_ROWS_MIN = GPUS * 29;
const STOP_LIMIT_MS = 10_000;
const FLEET = `--gpus ${GPUS} --seed 42 --stories none --interval 10s --speed 60`.split(' ');
const ADDRESSES = '--api 127.0.0.1:0 --live 127.0.0.1:0'.split(' ');

let folder: string;
let data: string;
let up: CliRun;
let ready: Record<string, string>;
let bus: Bus;
let database: Database;

const started = async (options: { npm?: true } = {}): Promise<void> => {
  const args = [...FLEET, ...ADDRESSES, '--history', '1h', '--data', data, '--snapshot-interval', '1s'];
  up = startCli(options.npm ? args : ['up', ...args], options);
  if (options.npm) await up.until('ready', () => up.stdout().includes('"ready"'));
  ready = options.npm ? JSON.parse(/^\{.*"ready".*$/m.exec(up.stdout())?.[0] ?? '') : await readyLine(up);
  bus = await connectBus({ servers: ready.nats as string, name: 'test', clock: systemClock });
  database = connectDatabase({
    url: ready.questdb_pg as string,
    pool_size: 2,
    statement_timeout: seconds(20),
    connect_timeout: seconds(5),
  });
};
const disconnected = async (): Promise<void> => {
  await bus?.close();
  await database?.close();
};

/** The services and the process itself. */
const family = async (): Promise<ProcessIdentity[]> => {
  const found = await Promise.all([up.pid, ...(await servicePids(data))].map(processIdentity));
  return found.filter((one) => one !== null);
};
const allGone = async (processes: readonly ProcessIdentity[]): Promise<boolean> =>
  (await Promise.all(processes.map(isRunning))).every((runs) => !runs);

async function api<T>(path: string): Promise<T> {
  const response = await fetch(`${ready.api}/api/v1${path}`);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

interface Gpu {
  readonly gpu_uuid: string;
  readonly ts: string;
  readonly power_watts: number | null;
}
const gpus = (): Promise<{ items: Gpu[]; total: number }> => api('/gpus?limit=1000');

const metricCounts = async (): Promise<{ rows: number; distinct_rows: number; gpus: number; first_ts: number }> => {
  const [row] = await database.query<{ rows: number; gpus: number; first_ts: number }>(
    'SELECT count() rows, count_distinct(gpu_uuid) gpus, min(ts) first_ts FROM gpu_metrics',
  );
  const [distinct] = await database.query<{ n: number }>(
    'SELECT count() n FROM (SELECT DISTINCT ts, gpu_uuid, instance FROM gpu_metrics)',
  );
  if (!row || !distinct) throw new Error('no counts');
  return { ...row, distinct_rows: distinct.n };
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-up-'));
  data = join(folder, 'data');
  await started();
});

afterAll(async () => {
  await disconnected();
  await endCliRuns();
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

describe('up', () => {
  it('prints one JSON line with its seven fields, and the same for people on stderr', () => {
    expect(up.stdout().split('\n').slice(1)).toEqual(['']);
    expect(ready).toEqual({
      event: 'ready',
      api: expect.stringMatching(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/),
      live: expect.stringMatching(/^ws:\/\/127\.0\.0\.1:[1-9]\d*\/live$/),
      console: `${ready.api}/`,
      nats: expect.stringMatching(/^nats:\/\/127\.0\.0\.1:\d+$/),
      questdb: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      questdb_pg: expect.stringMatching(/^postgres:\/\/.*@127\.0\.0\.1:\d+\/qdb$/),
    });
    for (const key of ['api', 'live', 'console', 'nats', 'questdb']) expect(up.stderr()).toContain(ready[key]);
    // People read this over each other's shoulders.
    expect(up.stderr()).toContain(String(ready.questdb_pg).replace(/:[^:@]*@/, ':***@'));
    expect(up.stderr()).toMatch(/history: 100 %, \d+ rows/);
  });

  it('writes the past and the present to QuestDB, every row once', async () => {
    await until('rows beyond the past', async () => (await metricCounts()).rows > HISTORY_ROWS_MIN + 10 * GPUS);
    const { rows, distinct_rows, gpus: seen } = await metricCounts();
    expect(seen).toBe(GPUS);
    expect(distinct_rows).toBeGreaterThanOrEqual(rows);
    const [span] = await database.query<{ past: number; rows: number }>(
      `SELECT max(ts) - min(ts) past, count() rows FROM gpu_metrics`,
    );
    expect(Number(span?.past) / 1_000).toBeGreaterThan(58 * 60_000);
  });

  it('lists the GPUs over REST, and each with a sample that lives', async () => {
    const { items, total } = await gpus();
    expect(total).toBe(GPUS);
    const uuid = items[3]?.gpu_uuid as string;
    const sampled = async (): Promise<number> =>
      Date.parse((await api<{ sample: { ts: string } }>(`/gpus/${uuid}`)).sample.ts);
    const before = await sampled();
    await until('a newer sample', async () => (await sampled()) > before);
    const { asset, sample } = await api<{
      asset: Record<string, unknown>;
      sample: Record<string, unknown>;
    }>(`/gpus/${uuid}`);
    expect(asset).toMatchObject({ gpu_uuid: uuid, status: 'active', model: expect.stringMatching(/^NVIDIA/) });
    expect(sample).toMatchObject({ gpu_uuid: uuid, instance: '', gpu_temp_celsius: expect.any(Number) });
    const history = await api<{ items: unknown[]; resolution: string }>(`/gpus/${uuid}/metrics?metrics=power_watts`);
    expect(history.items.length).toBeGreaterThan(20);
    const page = await fetch(`${ready.console}gpus/${uuid}`);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
  });

  it('counts at every step of the topology', async () => {
    interface Report {
      readonly steps: { id: string; items_in: number; items_out: number }[];
      readonly lag_messages: number;
      readonly gpus: number;
      readonly mermaid: string;
    }
    const read = async (): Promise<Report & { step: (id: string) => number }> => {
      const report = await api<Report>('/topology');
      return { ...report, step: (id) => report.steps.find((step) => step.id === id)?.items_in ?? -1 };
    };
    const before = await read();
    await until('the counts rise', async () => (await read()).step('zscore') > before.step('zscore'));
    const now = await read();
    expect(now.gpus).toBe(GPUS);
    expect(now.lag_messages).toBeLessThan(GPUS);
    expect(now.mermaid).toMatch(/^flowchart LR/);
    expect(now.step('gpu_metrics')).toBe(now.step('zscore'));
    expect(now.step('validate')).toBeGreaterThanOrEqual(now.step('gpu_metrics'));
    expect(now.step('gpu_assets')).toBeGreaterThanOrEqual(GPUS);
  });

  it.each(['fleet', 'gpu'])('sends a subscriber of %s a snapshot, then deltas numbered without a gap', async (kind) => {
    const uuid = (await gpus()).items[0]?.gpu_uuid as string;
    const topic = kind === 'fleet' ? 'fleet' : `gpu/${uuid}`;
    const socket = new WebSocket(ready.live as string, 'gpu-vitals.v1');
    const messages: (LiveMessage & { seq: number })[] = [];
    socket.on('message', (text) => {
      const message = JSON.parse(text.toString());
      liveMessageSchema.parse(message);
      messages.push(message);
    });
    await once(socket, 'open');
    socket.send(JSON.stringify({ op: 'subscribe', topic }));
    await until('six deltas', () => messages.length >= 7);
    socket.terminate();
    const [first, ...rest] = messages;
    expect(first).toMatchObject({ topic, type: 'snapshot' });
    expect(JSON.stringify(first)).toContain(uuid);
    rest.forEach((message, i) => {
      expect([message.type, message.seq]).toEqual(['delta', (first?.seq ?? 0) + 1 + i]);
    });
  });

  it('tells at /metrics what is documented, and nothing else', async () => {
    const documented = [...ownMetricsPage().matchAll(/^\| `(gpu_vitals_\w+)`/gm)].map(([, name]) => name as string);
    // There are no channels here, and no remote write.
    const expected = documented.filter((name) => !/^gpu_vitals_(alert_channel|remote_write)_/.test(name));
    const told = async (): Promise<string[]> => {
      const text = await (await fetch(`${ready.api}/metrics`)).text();
      return [...new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name as string))];
    };
    const sorted = (names: readonly string[]): string[] => [...new Set(names)].sort();
    await expect.poll(async () => sorted(await told()), { timeout: 30_000 }).toEqual(sorted(expected));
    expect(expected.length).toBeGreaterThan(60);
  });

  it('opens an anomaly for an injected story: REST, NATS and table agree', async () => {
    const { items } = await gpus();
    const busiest = items.reduce((a, b) => ((b.power_watts ?? 0) > (a.power_watts ?? 0) ? b : a));
    const heard: Anomaly[] = [];
    const subscription = bus.subscribe('vitals.anomalies.>', ({ subject, data: body }) => {
      const anomaly = JSON.parse(Buffer.from(body).toString()) as Anomaly;
      expect(subject).toBe(`vitals.anomalies.${anomaly.node}.${anomaly.gpu_uuid}`);
      heard.push(anomaly);
    });
    const told = await runCli(['inject', 'power_cap', '--gpu', busiest.gpu_uuid, '--data', data, '--json']);
    expect(told).toMatchObject({ code: 0, stderr: '' });
    const { since_ms } = JSON.parse(told.stdout) as { since_ms: number };
    const opened = (): Anomaly | undefined =>
      heard.find(
        ({ gpu_uuid, metric, ts }) => gpu_uuid === busiest.gpu_uuid && metric === 'power_limit_watts' && ts >= since_ms,
      );
    await until('an anomaly of its power limit', () => opened() !== undefined);
    subscription.unsubscribe();
    const anomaly = opened() as Anomaly;
    // Whatever it works at: what a job needs to be known first depends on the hour.
    expect(anomaly.ts - since_ms).toBeLessThan(15 * 60_000);
    expect(anomaly).toMatchObject({ state: 'open', type: 'power_limit_lowered', closed_at: null });
    expect(anomaly.observed).toBeLessThan(anomaly.expected);
    await until('it is in the table', async () => {
      const rows = await database.query<{ n: number }>('SELECT count() n FROM anomalies WHERE id = $1', [anomaly.id]);
      return rows[0]?.n === 1;
    });
    const { items: listed } = await api<{ items: Anomaly[] }>(`/anomalies?gpu_uuid=${busiest.gpu_uuid}`);
    expect(listed.find(({ id }) => id === anomaly.id)).toMatchObject({
      ...anomaly,
      ts: new Date(anomaly.ts).toISOString(),
      opened_at: new Date(anomaly.opened_at).toISOString(),
      state: expect.any(String),
      closed_at: null,
      score: expect.any(Number),
      observed: expect.any(Number),
      severity: expect.any(String),
      explanation: expect.any(String),
    });
    const verdict = await api<{ anomalies: Anomaly[] }>(`/gpus/${busiest.gpu_uuid}`);
    expect(verdict.anomalies.map(({ id }) => id)).toContain(anomaly.id);
  });

  it('judges every GPU: features, health and its reasons over REST, the same on demand', async () => {
    const { items } = await gpus();
    await until('a score of each', async () => {
      const { total } = await api<{ total: number }>('/health-scores?at=now&profile=default');
      return total >= items.length;
    });
    const { items: scores } = await api<{ items: HealthScore[] }>('/health-scores?at=now');
    for (const score of scores) {
      expect(['excellent', 'good', 'fair', 'unknown']).toContain(score.health_grade);
      expect(score.confidence).toBeGreaterThan(0.3);
      expect(score.explanation).not.toBe('');
    }
    const uuid = items[0]?.gpu_uuid as string;
    const { items: vectors } = await api<{ items: Record<string, unknown>[] }>(`/gpus/${uuid}/features?at=now`);
    expect(vectors[0]).toMatchObject({
      gpu_uuid: uuid,
      gpu_temp_mean: expect.any(Number),
      samples_7d: expect.any(Number),
    });
    const earlier = new Date(Date.parse(vectors[0]?.ts as string) - 600_000).toISOString();
    const { items: before } = await api<{ items: { ts: string }[] }>(`/gpus/${uuid}/features?at=${earlier}`);
    expect(before.every(({ ts }) => ts <= earlier)).toBe(true);
    expect(before).toHaveLength(1);

    const answer = await fetch(`${ready.api}/api/v1/health/score`, {
      method: 'POST',
      body: JSON.stringify({ gpu_uuid: uuid }),
      headers: { 'Content-Type': 'application/json' },
    });
    expect(answer.status).toBe(200);
    const verdict = await api<{ health: HealthScore; unavailable: string[] }>(`/gpus/${uuid}`);
    expect(verdict.unavailable).toEqual([]);
    const now = (await answer.json()) as HealthScore;
    expect(Math.abs((now.overall_score ?? 0) - (verdict.health.overall_score ?? 0))).toBeLessThan(10);
    const definitions = await api<{ total: number }>('/feature-definitions');
    expect(definitions.total).toBe(FEATURE_COUNT);
  });

  it('keeps what it refuses as dead letters, and sends it again', async () => {
    const publisher = bus.publisher();
    const garbage = [Buffer.from([1, 2, 3, 0xff]), Buffer.from('{"ts": "yesterday"'), Buffer.from('GPVS and no more')];
    for (const [i, body] of garbage.entries()) {
      await publisher.publish({ subject: `dcgm.raw.05.broken-${i}`, data: body });
    }
    await publisher.close();
    interface Letter {
      readonly position: number;
      readonly node: string;
      readonly reason: string;
      readonly code: string;
      readonly original?: string;
      readonly original_base64?: string;
      readonly retried_at: number | null;
    }
    const list = async (...args: string[]): Promise<Letter[]> => {
      const { code, stdout } = await runCli(['dead-letters', 'list', '--data', data, '--json', ...args]);
      expect(code).toBe(0);
      return (JSON.parse(stdout) as Letter[]).filter(({ node }) => node.startsWith('broken-'));
    };
    let letters: Letter[] = [];
    await until('three letters', async () => {
      letters = await list();
      return letters.length === garbage.length;
    });
    expect(letters.map(({ node }) => node)).toEqual(['broken-0', 'broken-1', 'broken-2']);
    expect(letters.map(({ code }) => code)).toEqual([
      expect.stringMatching(/^GV-(PRS|WIR)-\d{3}$/),
      expect.stringMatching(/^GV-PRS-\d{3}$/),
      'GV-WIR-001',
    ]);
    expect(letters[0]?.original_base64).toBe(garbage[0]?.toString('base64'));
    const shown = await runCli(['dead-letters', 'show', String(letters[1]?.position), '--data', data, '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({ node: 'broken-1', original: '{"ts": "yesterday"' });
    const { last_position } = await bus.streamState('DCGM_RAW');
    const retried = await runCli(['dead-letters', 'retry', String(letters[0]?.position), '--data', data, '--json']);
    expect(JSON.parse(retried.stdout)).toEqual({ retried: 1, skipped: 0 });
    const again: string[] = [];
    const stop = new AbortController();
    for await (const batch of bus.read({ stream: 'DCGM_RAW', from: last_position + 1 }, stop.signal)) {
      again.push(...batch.filter(({ subject }) => subject.endsWith('.broken-0')).map(({ data: b }) => b.join()));
      if (again.length > 0) break;
    }
    expect(again).toEqual([garbage[0]?.join()]);
    expect((await list('--node', 'broken-0')).map(({ retried_at }) => retried_at)).toEqual([expect.any(Number)]);
    const missing = await runCli(['dead-letters', 'show', '999999', '--data', data, '--json']);
    expect([missing.code, JSON.parse(missing.stderr).code]).toEqual([1, 'GV-CLI-002']);
  });

  it('holds its data folder, and says what runs in it', async () => {
    const [second, stop, status, story, gpu] = await Promise.all([
      runCli(['up', ...FLEET, ...ADDRESSES, '--data', data, '--json']),
      runCli(['services', 'stop', '--data', data]),
      runCli(['services', 'status', '--data', data, '--json']),
      runCli(['inject', 'no_such_story', '--gpu', 'GPU-1', '--data', data]),
      runCli(['inject', 'power_cap', '--gpu', 'GPU-1', '--data', data]),
    ]);
    expect([second.code, JSON.parse(second.stderr).code]).toEqual([1, 'GV-SVC-003']);
    expect([stop.code, stop.stderr]).toEqual([1, expect.stringMatching(/^error GV-SVC-003: .*\. Stop that one/)]);
    expect(JSON.parse(status.stdout)).toMatchObject([
      { service: 'nats', state: 'running', mode: 'child', url: ready.nats },
      { service: 'questdb', state: 'running', mode: 'child', url: ready.questdb },
    ]);
    expect([story.code, story.stderr]).toEqual([2, expect.stringMatching(/^error GV-CLI-001: .*no_such_story/)]);
    expect([gpu.code, gpu.stderr]).toEqual([1, expect.stringMatching(/^error GV-API-002: .*GPU-1/)]);
  });

  it('ends on SIGTERM within ten seconds with 0 and leaves nothing running', async () => {
    await disconnected();
    const processes = await family();
    expect(processes).toHaveLength(3);
    const since = systemClock.monotonic();
    up.kill('SIGTERM');
    const { code, signal, stdout, stderr } = await up.exited;
    expect([code, signal]).toEqual([0, null]);
    expect(systemClock.monotonic() - since).toBeLessThan(STOP_LIMIT_MS);
    expect(await allGone(processes)).toBe(true);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    // A scrape may come too late on a busy machine: a sixth of a second is all that this fleet's speed leaves it.
    expect(stderr.replace(/^error GV-COL-001: .*$/gm, '')).not.toMatch(/^error|^\s+at /m);
  });

  it('goes on with the same data under npm, adds no past again, and SIGTERM to npm ends all', async () => {
    await started({ npm: true });
    expect(up.stderr()).not.toMatch(/^history:/m);
    const before = await metricCounts();
    await until('more rows', async () => (await metricCounts()).rows >= before.rows + 5 * GPUS);
    const { rows, distinct_rows, first_ts } = await metricCounts();
    expect(first_ts).toBe(before.first_ts);
    expect(distinct_rows).toBeGreaterThanOrEqual(rows);
    expect((await gpus()).total).toBe(GPUS);
    const assets = await database.query<{ n: number }>('SELECT count() n FROM gpu_assets');
    expect(assets).toEqual([{ n: GPUS }]);
    await disconnected();
    const processes = await family();
    const since = systemClock.monotonic();
    up.kill('SIGTERM');
    await up.exited;
    expect(await allGone(processes)).toBe(true);
    expect(systemClock.monotonic() - since).toBeLessThan(STOP_LIMIT_MS);
  });

  it('leaves no child behind a kill -9, and its commands say that it no longer runs', async () => {
    await started();
    await disconnected();
    const processes = await family();
    up.kill('SIGKILL');
    await up.exited;
    await until('its services have ended', () => allGone(processes), STOP_LIMIT_MS);
    const inject = await runCli(['inject', 'power_cap', '--gpu', 'GPU-1', '--data', data, '--json']);
    expect([inject.code, JSON.parse(inject.stderr).code]).toEqual([1, 'GV-CLI-002']);
  });
});
