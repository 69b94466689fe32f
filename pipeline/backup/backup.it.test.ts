import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openDeskMemory } from '../alert-desk/buckets.ts';
import { deskStore } from '../alert-desk/desk-store.ts';
import type { AuditEntry } from '../audit/audit-entry.ts';
import { auditLog } from '../audit/audit-log.ts';
import { ensureStreams } from '../bus/ensure-streams.ts';
import { openKeyValue } from '../bus/key-value.ts';
import { openObjectStore } from '../bus/object-store.ts';
import { storedMessages as storedIn } from '../bus/stored-messages.ts';
import { ownStreams, removeStream } from '../bus/stream-copy.ts';
import { type CliRun, endCliRuns, startCli } from '../cli/cli.fixture.ts';
import { systemClock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import { rawSubject } from '../contract/ids.ts';
import { openKeyStore } from '../keys/key-store.ts';
import {
  allTables,
  finishEngine,
  readsFrom,
  reported,
  snapshotsFrom,
  startEngineProcess,
  storedMessages,
} from '../kill-resume.fixture.ts';
import { expectSameRows } from '../same-rows.fixture.ts';
import { brought, openPlace, type Place, saved } from './backup.fixture.ts';
import { readManifest } from './manifest.ts';

let folder: string;
let first: Place;
let second: Place;

const engineAt = ({ services, data }: Place): Promise<CliRun> =>
  startEngineProcess({ data, nats_url: services.nats_url, questdb: services });

/** Every message of every stream and bucket but the alert desk's, which remembers another stream now. */
async function allMessages(bus: Bus): Promise<Record<string, string[]>> {
  const all: Record<string, string[]> = {};
  for (const { name } of await ownStreams(bus)) {
    if (name === 'KV_GPU_VITALS_ALERT_DESK') continue;
    const told: string[] = [];
    for await (const { position, arrived_at, subject, headers, data } of storedIn(bus, name, {
      subject: '>',
      from: 1,
    })) {
      const digest = createHash('sha256').update(data).digest('hex');
      told.push(JSON.stringify([position, arrived_at, subject, headers, digest]));
    }
    all[name] = told;
  }
  return all;
}

/** Why the server keeps an entry that somebody wants gone. */
async function removedFromTrail(bus: Bus): Promise<string> {
  const subject = '$JS.API.STREAM.MSG.DELETE.AUDIT';
  const answer = await bus.request({ subject, data: Buffer.from('{"seq":1}') }, 5_000);
  return (
    (JSON.parse(Buffer.from(answer.data).toString()) as { error?: { description: string } }).error?.description ?? ''
  );
}

const deskOf = async (bus: Bus) => (await deskStore(await openDeskMemory(bus), 'test').load()).state;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-backup-'));
  first = await openPlace(folder, 'first');
  second = await openPlace(folder, 'second');
});
afterEach(endCliRuns);
afterAll(async () => {
  await first?.bus.close();
  await second?.bus.close();
  await first?.services.stop();
  await second?.services.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

describe('backup', () => {
  it('taken while everything runs, brought back elsewhere: the engine goes on from its position, and ends with the same rows', async () => {
    await ensureStreams(first.bus);
    // A damaged message has no time but that of its arrival, which is another one elsewhere.
    const messages = storedMessages().filter(({ subject }) => subject !== rawSubject('broken'));
    const early = Math.floor(messages.length * 0.6);
    const publisher = first.bus.publisher();
    const engine = await engineAt(first);
    await Promise.all(messages.slice(0, early).map((message) => publisher.publish(message)));
    await snapshotsFrom(first.bus, engine, early);
    const keys = await openKeyValue(first.bus, 'VITALS_KEYS', 'test');
    await keys.replace('key.one', Buffer.from('a hash'), 0);
    const models = await openObjectStore(first.bus, 'GPU_VITALS_MODELS', 'test');
    await models.put('model', Buffer.alloc(300_000, 7));

    const dir = join(folder, 'running');
    const late = Math.floor(messages.length * 0.8);
    const later = messages.slice(early, late);
    const [, ...acks] = await Promise.all([saved(first, dir), ...later.map((message) => publisher.publish(message))]);
    engine.kill('SIGKILL');
    await engine.exited;
    await brought(second, dir);

    const before = await allMessages(first.bus);
    const after = await allMessages(second.bus);
    const kept = after.DCGM_RAW?.length ?? 0;
    expect(kept).toBeGreaterThanOrEqual(early);
    expect(acks).toHaveLength(later.length);
    expect(after.DCGM_RAW).toEqual(before.DCGM_RAW?.slice(0, kept));
    expect(after.KV_VITALS_KEYS).toEqual(before.KV_VITALS_KEYS);
    expect(after.OBJ_GPU_VITALS_MODELS).toEqual(before.OBJ_GPU_VITALS_MODELS);
    const again = await openObjectStore(second.bus, 'GPU_VITALS_MODELS', 'test');
    expect(Buffer.from((await again.get('model')) as Uint8Array)).toEqual(Buffer.alloc(300_000, 7));

    const there = await engineAt(second);
    expect(readsFrom(there)).toBeGreaterThanOrEqual(early);
    const onwards = second.bus.publisher();
    await Promise.all(messages.slice(kept).map((message) => onwards.publish(message)));
    await onwards.close();
    await finishEngine(second.bus, there);
    const back = await engineAt(first);
    await Promise.all(messages.slice(late).map((message) => publisher.publish(message)));
    await publisher.close();
    await finishEngine(first.bus, back);

    const whole = await allTables(first.bus, first.services);
    const there_now = await allTables(second.bus, second.services);
    // The engine tells again what it had refused since its snapshot, and a restored stream has forgotten which ids it has seen.
    const letters = there_now.dead_letters ?? [];
    there_now.dead_letters = [...new Set(letters)];
    expect(letters.length - there_now.dead_letters.length).toBeLessThan(letters.length / 2);
    expectSameRows(whole, there_now);
    expect(whole.gpu_metrics?.length).toBeGreaterThan(10_000);
  });

  it('taken at rest: every message, row and snapshot is as it was, over what was there', async () => {
    const dir = join(folder, 'rest');
    await saved(second, dir);
    const messages = await allMessages(second.bus);
    const desk = await deskOf(second.bus);
    expect(desk?.stream).toBe((await second.bus.streamState('ALERTS')).created);
    const rows = await allTables(second.bus, second.services);
    const snapshot = await readFile(join(second.data, 'snapshots/fleet.snap'));
    const manifest = await readManifest(dir);
    expect(manifest.tables.find(({ name }) => name === 'gpu_metrics')?.files.length).toBeGreaterThan(3);
    expect(manifest.snapshots.length).toBeGreaterThan(2);

    await expect(brought(second, dir)).rejects.toMatchObject({ code: 'GV-BKP-002', message: /stream DCGM_RAW/ });
    expect(await allMessages(second.bus)).toEqual(messages);

    await second.bus.request({ subject: '$JS.API.STREAM.PURGE.ALERTS', data: new Uint8Array(0) }, 5_000);
    await writeFile(join(second.data, 'snapshots/fleet.snap'), 'damaged');
    await brought(second, dir, { force: true });
    expect(await allMessages(second.bus)).toEqual(messages);
    expect(await deskOf(second.bus)).toEqual({ ...desk, stream: (await second.bus.streamState('ALERTS')).created });
    expectSameRows(rows, await allTables(second.bus, second.services));
    expect((await readFile(join(second.data, 'snapshots/fleet.snap'))).equals(snapshot)).toBe(true);
  });

  it('by the commands: tells what it has saved, and overwrites nothing unasked', async () => {
    const { nats_url, questdb_http_url, questdb_pg_url } = second.services;
    const where = ['--nats', nats_url, '--questdb', questdb_http_url, '--questdb-pg', questdb_pg_url];
    const run = (...asked: string[]) => startCli([...asked, ...where, '--data', second.data, '--json']).exited;
    const dir = join(folder, 'by-command');
    const messages = await allMessages(second.bus);
    const rows = await allTables(second.bus, second.services);

    const made = await run('backup', dir);
    expect(made).toMatchObject({ code: 0 });
    const told = JSON.parse(made.stdout) as { streams: Record<string, number>; tables: Record<string, number> };
    expect(told.streams.DCGM_RAW).toBe(messages.DCGM_RAW?.length);
    expect(told.tables.gpu_metrics).toBe(rows.gpu_metrics?.length);
    const refused = await run('restore', dir);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('GV-BKP-002') });
    expect(await allMessages(second.bus)).toEqual(messages);

    await second.bus.request({ subject: '$JS.API.STREAM.PURGE.DCGM_INVALID', data: new Uint8Array(0) }, 5_000);
    const back = await run('restore', dir, '--force');
    expect(back).toMatchObject({ code: 0 });
    expect(JSON.parse(back.stdout)).toMatchObject({ streams: told.streams, tables: told.tables });
    // What was brought back by command is in the trail.
    const { AUDIT, ...there } = await allMessages(second.bus);
    expect(there).toEqual(messages);
    expect(AUDIT).toEqual([expect.stringContaining('"audit.')]);
    expectSameRows(rows, await allTables(second.bus, second.services));
  });

  it('keys and trail come back where there are none, and stay as they are where there are some', async () => {
    const entry = (action: string): AuditEntry => ({
      ...{ at: 1, by: 'ann', key_id: '', role: 'admin', tenant: '', origin: '127.0.0.1', action },
      ...{ target: '', status: 200, detail: '' },
    });
    await auditLog(second.bus).write(entry('before'));
    const { AUDIT: saved_then } = await allMessages(second.bus);
    const keys = await openKeyStore(second.bus, systemClock);
    const { id } = await keys.create({ name: 'leaked', role: 'admin', tenant: '', expires_after: null });
    const dir = join(folder, 'trusted');
    await saved(second, dir);
    await auditLog(second.bus).write(entry('after'));
    await keys.revoke(id);
    const { AUDIT, KV_VITALS_KEYS } = await allMessages(second.bus);
    expect(AUDIT?.slice(0, -1)).toEqual(saved_then);

    const said = await brought(second, dir, { force: true });
    expect(said).toContain('stream AUDIT: stays as it is here');
    expect(await allMessages(second.bus)).toMatchObject({ AUDIT, KV_VITALS_KEYS });
    expect((await keys.list()).find((one) => one.id === id)?.revoked_at).not.toBeNull();

    await removeStream(first.bus, 'KV_VITALS_KEYS');
    expect((await brought(first, dir, { force: true })).join()).toMatch(/keys are as of 20..-..-..T.*revoke again/);
    expect((await allMessages(first.bus)).AUDIT).toEqual(saved_then);
    const there = await openKeyStore(first.bus, systemClock);
    expect((await there.list()).find((one) => one.id === id)).toMatchObject({ name: 'leaked', revoked_at: null });
    await expect(removedFromTrail(first.bus)).resolves.toMatch(/not permitted|denied/);
  });

  it('does not write into a folder with something in it', async () => {
    await expect(saved(second, join(folder, 'rest'))).rejects.toMatchObject({ code: 'GV-BKP-002' });
  });

  it('is refused while an engine runs, and when a byte of it changed, before anything is touched', async () => {
    const dir = join(folder, 'rest');
    const engine = await engineAt(second);
    await reported(second.bus, engine, 'a report', () => true);
    await expect(brought(second, dir, { force: true })).rejects.toMatchObject({
      code: 'GV-BKP-002',
      message: /engine/,
    });
    engine.kill('SIGTERM');
    await engine.exited;
    const messages = await allMessages(second.bus);
    await appendFile(join(dir, 'tables/anomalies/000000.csv.gz'), 'x');
    await expect(brought(second, dir, { force: true })).rejects.toMatchObject({
      code: 'GV-BKP-001',
      message: /anomalies/,
    });
    expect(await allMessages(second.bus)).toEqual(messages);
    await rm(join(dir, 'manifest.json'));
    await expect(brought(second, dir, { force: true })).rejects.toMatchObject({ code: 'GV-CLI-002' });
    await writeFile(join(dir, 'manifest.json'), '{"backup_version": 2}');
    await expect(brought(second, dir, { force: true })).rejects.toMatchObject({ code: 'GV-BKP-003' });
  });
});
