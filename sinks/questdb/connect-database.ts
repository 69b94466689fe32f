import pg from 'pg';
import type { Database } from '../../pipeline/contract/database.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { shownAddress } from '../../pipeline/contract/shown-address.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';

export interface DatabaseOptions {
  /** `postgres://user:password@host:8812/qdb`. */
  readonly url: string;
  /** Connections kept at most; QuestDB allows 64 over all clients. */
  readonly pool_size: number;
  /** A statement that runs longer is cancelled by the server. */
  readonly statement_timeout: DurationMs;
  /** How long to wait for a connection before the database counts as away. */
  readonly connect_timeout: DurationMs;
}

const TIMESTAMP = 1114;
const TIMESTAMP_WITH_ZONE = 1184;
const INT8 = 20;

/** QuestDB sends instants as UTC text without a zone; the driver's own parser would read them as local time. */
const parseTimestamp = (text: string): number =>
  Date.parse(text.endsWith('Z') || /[+-]\d{2}(:?\d{2})?$/.test(text.slice(10)) ? text : `${text.replace(' ', 'T')}Z`);

/** A number while it is exact, else the digits. */
const parseInt8 = (text: string): number | string => {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
};

const types = {
  getTypeParser(oid: number, format?: string) {
    if (format !== 'binary') {
      if (oid === TIMESTAMP || oid === TIMESTAMP_WITH_ZONE) return parseTimestamp;
      if (oid === INT8) return parseInt8;
    }
    return pg.types.getTypeParser(oid, format as 'text');
  },
};

/**
 * The read side: a pool of connections over the Postgres wire.
 *
 * Output  instants as epoch ms, LONG as number while it is exact (else text), FLOAT and DOUBLE as number, NULL as null.
 * Binds   QuestDB types an untyped parameter from its place: give instants as Date (sent as ISO text) and compare them to
 *         a TIMESTAMP column without a cast (`ts >= $1`; `$1::timestamp` makes it guess DOUBLE), give numbers to numeric
 *         columns and LIMIT, texts to SYMBOL and VARCHAR; never bind NULL where the type cannot be told.
 * Errors  GV-API-003 when the database is away or a statement timed out, GV-API-004 when it refuses the statement.
 */
export function connectDatabase(options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.pool_size,
    connectionTimeoutMillis: options.connect_timeout,
    // QuestDB reads the limit from here only; the driver's own setting of that name goes unheard.
    options: `-c statement_timeout=${options.statement_timeout}`,
    // The server's limit answers first; this one covers a server that does not answer at all.
    query_timeout: options.statement_timeout + options.connect_timeout,
    keepAlive: true,
    allowExitOnIdle: true,
    types,
  });
  // An idle connection that breaks is taken out by the pool itself; unheard, the event would end the process.
  pool.on('error', () => {});
  const where = `QuestDB at ${shownAddress(options.url)}`;
  return {
    async query<Row extends Record<string, unknown>>(
      sql: string,
      parameters: readonly (string | number | boolean | Date | null)[] = [],
    ): Promise<Row[]> {
      try {
        const values = parameters.map((value) => (value instanceof Date ? value.toISOString() : value));
        return (await pool.query<Row>(sql, values)).rows;
      } catch (error) {
        throw asVitalsError(error, where);
      }
    },
    async close() {
      if (!pool.ended) await pool.end();
    },
  };
}

function asVitalsError(error: unknown, where: string): VitalsError {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof pg.DatabaseError) {
    if (/timeout|cancelled/i.test(message)) {
      return new VitalsError('GV-API-003', `The statement took too long: ${message}`, where, { cause: error });
    }
    return new VitalsError('GV-API-004', `The database refuses the statement: ${message}`, where, { cause: error });
  }
  return new VitalsError('GV-API-003', `The database does not answer: ${message || 'no connection'}`, where, {
    cause: error,
  });
}
