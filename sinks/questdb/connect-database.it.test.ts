import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Database } from '../../pipeline/contract/database.ts';
import { milliseconds, seconds } from '../../pipeline/contract/time.ts';
import { connectDatabase } from './connect-database.ts';
import { startTestQuestdb, type TestQuestdb } from './questdb.fixture.ts';

let questdb: TestQuestdb;
let database: Database;
beforeAll(async () => {
  questdb = await startTestQuestdb();
  database = questdb.database;
});
afterAll(() => questdb?.stop());

describe('the Postgres wire', () => {
  it('brings instants as epoch ms whatever the time zone, numbers as numbers, NULL as null', async () => {
    const rows = await database.query(
      `SELECT '2026-11-21T12:17:09.792251Z'::TIMESTAMP ts, 1::LONG long, 9007199254740993L big, 7::INT "int", 3::SHORT short,
       1.5::FLOAT "float", 0.1 "double", true yes, 'x'::SYMBOL symbol, 'tö'::VARCHAR text, null::TIMESTAMP no_ts,
       null::LONG no_long, null::DOUBLE no_double, null::VARCHAR no_text`,
    );
    expect(rows).toEqual([
      {
        ts: Date.UTC(2026, 10, 21, 12, 17, 9, 792),
        long: 1,
        big: '9007199254740993',
        int: 7,
        short: 3,
        float: 1.5,
        double: 0.1,
        yes: true,
        symbol: 'x',
        text: 'tö',
        no_ts: null,
        no_long: null,
        no_double: null,
        no_text: null,
      },
    ]);
  });

  it('says what is wrong with a statement, and when one takes too long', async () => {
    await expect(database.query('SELECT * FROM nothing')).rejects.toMatchObject({ code: 'GV-API-004' });
    const impatient = connectDatabase({
      url: questdb.services.questdb_pg_url,
      pool_size: 1,
      statement_timeout: milliseconds(200),
      connect_timeout: seconds(2),
    });
    const endless =
      'SELECT sum(a.x * b.x * c.x) FROM long_sequence(100000) a CROSS JOIN long_sequence(10000) b CROSS JOIN long_sequence(100) c';
    await expect(impatient.query(endless)).rejects.toMatchObject({ code: 'GV-API-003' });
    await impatient.close();
  });

  it('is GV-API-003 while the database is away, and works again after', async () => {
    questdb.services.kill('questdb', 'SIGKILL');
    await vi.waitFor(() => expect(database.query('SELECT 1')).rejects.toMatchObject({ code: 'GV-API-003' }), 10_000);
    await questdb.services.restart('questdb');
    expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});
