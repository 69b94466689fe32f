import type { IlpConnection } from '../../sinks/questdb/ilp-connection.ts';
import type { Outcome } from '../../sinks/questdb/send-until-taken.ts';
import type { FaultPlan } from './faults.ts';
import type { Draw } from './seeded-random.ts';
import type { Life } from './virtual-time.ts';

const TRAVEL_MS = 3;
const SLOW_MS = 800;
const ANSWER_TIMEOUT_MS = 2_000;
const KEY_END = '\u0001';
const ROW_END = '\u0002';
const PASSING = '\u0003';

/** One row as it travels to the database: its keys, then all of it. `passing`: as for `MemoryDatabase.passing`. */
export const spellForMemory = (table: string, keys: string, row: string, passing: boolean): Uint8Array =>
  Buffer.from(`${passing ? PASSING : ''}${table} ${keys}${KEY_END}${row}${ROW_END}`, 'utf8');

/** Tables with upsert keys: a request is one transaction, the last writer of a key wins. They outlive processes. */
export class MemoryDatabase {
  /** By table and keys, the row. */
  readonly rows = new Map<string, string>();
  /** Every version of every row that was ever there, but those below. */
  readonly versions = new Set<string>();
  /** Versions that whoever is away when they count never tells: only the last one has to be there. */
  readonly passing = new Set<string>();
  requests = 0;

  connect(life: Life, draw: Draw, faults: FaultPlan): IlpConnection {
    const unavailable = (reason: string): Outcome => ({ kind: 'unavailable', code: 'GV-SNK-001', reason });
    return {
      post: async (body, _precision, signal) => {
        const { time } = life;
        this.requests++;
        const copy = Buffer.from(body);
        // What has left the process arrives, whatever becomes of that.
        let away = false;
        const arrival = time.now + draw.unit() * TRAVEL_MS;
        time.at(arrival, () => {
          away = faults.now('database_away', time.now);
          if (!away && (life.alive || draw.chance(0.5))) this.take(copy);
        });
        const work = faults.now('slow_database', time.now) ? draw.unit() * SLOW_MS : draw.unit() * TRAVEL_MS;
        await life.passed(arrival - time.now + work);
        if (away) return unavailable('ECONNREFUSED');
        if (faults.now('lost_answers', time.now) && draw.chance(0.5)) {
          await life.passed(ANSWER_TIMEOUT_MS);
          return unavailable('no answer');
        }
        if (signal.aborted) return unavailable('aborted');
        return { kind: 'taken' };
      },
      close: async () => undefined,
    };
  }

  private take(body: Buffer): void {
    for (const line of body.toString('utf8').split(ROW_END)) {
      const passing = line.startsWith(PASSING);
      const version = passing ? line.slice(PASSING.length) : line;
      const at = version.indexOf(KEY_END);
      if (at < 0) continue;
      this.rows.set(version.slice(0, at), version.slice(at + 1));
      (passing ? this.passing : this.versions).add(version);
    }
  }
}
