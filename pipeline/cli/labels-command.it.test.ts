import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { prepareDatabase } from '../../sinks/questdb/prepare-database.ts';
import { startTestQuestdb, type TestQuestdb } from '../../sinks/questdb/questdb.fixture.ts';
import { readLabels } from '../../sinks/questdb/read-labels.ts';
import { writeLabels } from '../../sinks/questdb/write-labels.ts';
import { auditLog } from '../audit/audit-log.ts';
import { testBus } from '../bus/bus.fixture.ts';
import type { FailureLabel } from '../contract/predictions.ts';
import { addLabelsCommand } from './labels-command.ts';

const DAY = 86_400_000;
const T0 = Date.UTC(2026, 0, 1);

let questdb: TestQuestdb;
let folder: string;
let services: TestServices;

beforeAll(async () => {
  questdb = await startTestQuestdb();
  services = await startTestServices({ nats: true });
  folder = mkdtempSync(join(tmpdir(), 'gpu-vitals-labels-'));
}, 120_000);
afterAll(async () => {
  await questdb?.stop();
  await services?.stop();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** The command in this process; answers what it wrote to stdout and stderr. */
async function labels(...args: string[]): Promise<{ out: string; err: string }> {
  const said = { out: '', err: '' };
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said.out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.err += String(text);
    return true;
  });
  const program = new Command('gpu-vitals').exitOverride();
  addLabelsCommand(program);
  const { questdb_http_url, questdb_pg_url } = questdb.services;
  const where = ['--questdb', questdb_http_url, '--questdb-pg', questdb_pg_url, '--data', folder];
  try {
    const bus = args[0] === 'import' ? ['--nats', services.nats_url] : [];
    await program.parseAsync(['labels', ...args, ...where, ...bus], { from: 'user' });
  } finally {
    vi.restoreAllMocks();
  }
  return said;
}

const label = (changes: Partial<FailureLabel> = {}): FailureLabel => ({
  ts: T0,
  gpu_uuid: 'GPU-1',
  node: 'n1',
  failed_at: T0,
  type: 'memory',
  source: 'hand',
  note: 'it\'s "gone", said Zoë; DROP TABLE x',
  status: 'confirmed',
  ...changes,
});

describe('failures in a real database', () => {
  it('there is nothing to tell of before there is a table', async () => {
    expect(await readLabels(questdb.database)).toEqual([]);
    expect((await labels('export', '-')).out).toBe('gpu_uuid,node,failed_at,type,source,note,status\n');
    await prepareDatabase(questdb.database);
  });

  it('are read as soon as they are written, and a second telling changes the first', async () => {
    const { database } = questdb;
    await writeLabels(database, []);
    await writeLabels(database, [label(), label({ gpu_uuid: 'GPU-2', note: '' })]);
    expect(await readLabels(database)).toEqual(
      expect.arrayContaining([label(), label({ gpu_uuid: 'GPU-2', note: '' })]),
    );
    await writeLabels(database, [label({ status: 'rejected', type: 'power' })]);
    const found = await readLabels(database);
    expect(found).toHaveLength(2);
    expect(found.find(({ gpu_uuid }) => gpu_uuid === 'GPU-1')).toEqual(label({ status: 'rejected', type: 'power' }));
    const many = Array.from({ length: 1_201 }, (_, i) => {
      const at = T0 - (i + 1) * DAY;
      return label({ gpu_uuid: 'GPU-3', ts: at, failed_at: at });
    });
    await writeLabels(database, many);
    expect(await readLabels(database)).toHaveLength(1_203);
    await database.query('TRUNCATE TABLE gpu_failure_labels');
  });

  it('import and export as CSV, all or the good ones', async () => {
    const { database } = questdb;
    await database.query(
      `INSERT INTO gpu_assets (ts, gpu_uuid, node, status, retired_at, registered_at) VALUES ('2025-01-01', 'GPU-1', 'n1', 'active', null, '2025-01-01'), ('2025-01-01', 'GPU-2', 'n2', 'retired', '2026-01-05', '2025-01-01')`,
    );
    await questdb.visible('gpu_assets');
    const file = join(folder, 'in.csv');
    writeFileSync(
      file,
      'gpu_uuid,failed_at,type\nGPU-1,2025-12-01,memory\nGPU-7,2025-12-01,memory\nGPU-1,soon,memory\n',
    );
    await expect(labels('import', file)).rejects.toMatchObject({
      code: 'GV-CLI-002',
      message:
        'nothing was imported: line 3, gpu_uuid: no GPU GPU-7 is known; line 4, failed_at: must be an ISO 8601 time',
    });
    expect(await readLabels(database)).toEqual([]);
    const { out, err } = await labels('import', file, '--partial', '--json');
    expect(JSON.parse(out)).toMatchObject({ stored: 1, problems: [{ line: 3 }, { line: 4 }] });
    expect(err).toContain('left out: line 3, gpu_uuid: no GPU GPU-7 is known');
    const written = join(folder, 'out.csv');
    expect((await labels('export', written)).out).toBe(`1 failures in ${written}\n`);
    expect(readFileSync(written, 'utf8')).toBe(
      'gpu_uuid,node,failed_at,type,source,note,status\nGPU-1,n1,2025-12-01T00:00:00.000Z,memory,csv,,confirmed\n',
    );
    expect((await labels('import', written)).out).toBe('1 failures stored\n');
    expect(await readLabels(database)).toHaveLength(1);
    await expect(labels('import', join(folder, 'none.csv'))).rejects.toMatchObject({ code: 'GV-CLI-002' });
  });

  it('suggest what the tables show, until a label speaks of it', async () => {
    const { database } = questdb;
    await database.query(
      `INSERT INTO xid_episodes (ts, gpu_uuid, node, instance, id, severity, category, action, started_at, primary_xid, cured) VALUES ('2025-12-20T03:00:00Z', 'GPU-1', 'n1', '', 'e1', 'critical', 'memory', 'replace_gpu', '2025-12-20T03:00:00Z', 64, null), ('2025-12-10', 'GPU-1', 'n1', '', 'e2', 'critical', 'thermal', 'reset_gpu', '2025-12-10', null, 'false'), ('2025-11-10', 'GPU-1', 'n1', '', 'e3', 'critical', 'power', 'reset_gpu', '2025-11-10', null, 'true')`,
    );
    await questdb.visible('xid_episodes');
    const told = await labels('suggest');
    expect(told.out).toBe(
      [
        'gpu_uuid,node,failed_at,type,source,note,status',
        'GPU-2,n2,2026-01-05T00:00:00.000Z,other,rma,It was retired without a failure being told of; confirm only if that was why.,suggested',
        'GPU-1,n1,2025-12-20T03:00:00.000Z,memory,episode,A critical memory episode with XID 64 asks for a replacement.,suggested',
        'GPU-1,n1,2025-12-10T00:00:00.000Z,thermal,episode,A critical thermal episode was not cured by a reset.,suggested',
        '',
      ].join('\n'),
    );
    const file = join(folder, 'suggested.csv');
    writeFileSync(file, told.out.replace(/,suggested$/gm, ',rejected'));
    expect((await labels('import', file)).out).toBe('3 failures stored\n');
    const { bus } = await testBus(services.nats_url);
    const [entry] = (await auditLog(bus).page({ action: 'labels import' }, { limit: 1 })).items;
    expect(entry).toMatchObject({ target: file, status: 0, detail: JSON.stringify({ failures: 3, partial: false }) });
    await bus.close();
    expect(JSON.parse((await labels('suggest', '--json')).out)).toEqual({ items: [] });
  });
});
