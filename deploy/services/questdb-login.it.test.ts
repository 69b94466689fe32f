import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seconds } from '../../pipeline/contract/time.ts';
import { connectDatabase } from '../../sinks/questdb/connect-database.ts';
import { columnsOf, rowExport, slicesOf } from '../../sinks/questdb/export-rows.ts';
import { prepareDatabase } from '../../sinks/questdb/prepare-database.ts';
import { givenQuestdb } from './given-address.ts';
import type { ReportLine } from './report.ts';
import { startTestServices, type TestServices } from './services.fixture.ts';

const PASSWORD = 'PL4NTED admin ü\\:/@';
const READER_PASSWORD = 'PL4NTED-reader';
const reports: ReportLine[] = [];
let services: TestServices;

const connected = (url: string) =>
  connectDatabase({ url, pool_size: 1, statement_timeout: seconds(10), connect_timeout: seconds(5) });
const as = (user: string, password: string): string => {
  const url = new URL(services.questdb_pg_url);
  return `postgres://${user}:${encodeURIComponent(password)}@${url.host}/qdb`;
};

/** What a statement says, or why it is refused. */
async function ask(url: string, sql: string): Promise<unknown> {
  const database = connected(url);
  try {
    return await database.query(sql);
  } catch (error) {
    return (error as Error).message;
  } finally {
    await database.close();
  }
}

beforeAll(async () => {
  services = await startTestServices({
    questdb: true,
    pg_password: PASSWORD,
    reader_password: READER_PASSWORD,
    report: (line) => reports.push(line),
  });
  const database = connected(services.questdb_pg_url);
  await prepareDatabase(database);
  await database.query("INSERT INTO anomalies (ts, gpu_uuid, id) VALUES (now(), 'GPU-1', 'a')");
  await database.query("SELECT wait_wal_table('anomalies')");
  await database.close();
});
afterAll(() => services?.stop());

describe('our own QuestDB with passwords', () => {
  it('lets in over PostgreSQL whoever knows one', async () => {
    expect(await ask(services.questdb_pg_url, 'SELECT 1 one')).toEqual([{ one: 1 }]);
    for (const url of [as('admin', 'quest'), as('reader', PASSWORD), as('user', 'quest')]) {
      expect(await ask(url, 'SELECT 1 one')).toMatch(/invalid username\/password/);
    }
  });

  it('the reader reads, and nothing else', async () => {
    const reader = as('reader', READER_PASSWORD);
    expect(await ask(reader, 'SELECT id FROM anomalies')).toEqual([{ id: 'a' }]);
    for (const sql of [
      "INSERT INTO anomalies (ts, gpu_uuid, id) VALUES (now(), 'GPU-1', 'b')",
      'CREATE TABLE mine (ts TIMESTAMP)',
      'DROP TABLE anomalies',
      'TRUNCATE TABLE anomalies',
      'ALTER TABLE anomalies ADD COLUMN extra INT',
    ]) {
      expect(await ask(reader, sql)).toMatch(/[Ww]rite permission denied|read.?only|denied/);
    }
    expect(await ask(reader, 'SELECT count() n FROM anomalies')).toEqual([{ n: 1 }]);
  });

  it('HTTP asks for the password too, and our parts show it', async () => {
    const { origin } = new URL(services.questdb_http_url);
    expect((await fetch(`${origin}/exec?query=select%201`)).status).toBe(401);
    expect((await fetch(`${origin}/write`, { method: 'POST', body: 'anomalies id="x"' })).status).toBe(401);
    expect(await givenQuestdb(services.questdb_http_url, services.questdb_pg_url)).toMatchObject({
      version: expect.stringMatching(/^\d/),
    });
    await expect(givenQuestdb(origin, services.questdb_pg_url)).rejects.toMatchObject({ code: 'GV-SNK-001' });
    const database = connected(services.questdb_pg_url);
    const rows = rowExport(services.questdb_http_url);
    const [slice] = await slicesOf(database, 'anomalies', 10);
    if (slice === undefined) throw new Error('no rows');
    const parts: Uint8Array[] = [];
    for await (const part of await rows.csv('anomalies', await columnsOf(database, 'anomalies'), slice))
      parts.push(part);
    expect(Buffer.concat(parts).toString()).toContain('GPU-1');
    await rows.close();
    await database.close();
  });

  it('passwords are told nowhere, and lie in files of their owner alone', () => {
    expect(JSON.stringify(reports)).not.toContain('PL4NTED');
    const files = readdirSync(services.data, { recursive: true, encoding: 'utf8' })
      .map((path) => join(services.data, path))
      .filter((path) => statSync(path).isFile() && statSync(path).size < 5_000_000)
      .filter((path) => /PL4NTED/.test(readFileSync(path, 'latin1')));
    expect(files.map((path) => path.replace(services.data, '')).sort()).toEqual([
      '/questdb/conf/server.conf',
      '/run/services.json',
    ]);
    for (const path of files) expect(statSync(path).mode & 0o077).toBe(0);
  });
});
