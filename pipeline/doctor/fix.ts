import { acquireDataLock } from '../../deploy/services/data-lock.ts';
import { connectDatabase } from '../../sinks/questdb/connect-database.ts';
import { quoted } from '../../sinks/questdb/select-rows.ts';
import { auditedCommand } from '../audit/audit-command.ts';
import { connectBus } from '../bus/connect-bus.ts';
import { retryDeadLetters } from '../bus/dead-letters.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config-schema.ts';
import type { Database } from '../contract/database.ts';
import { ROLLUPS, TABLES } from '../contract/tables.ts';
import { seconds } from '../contract/time.ts';
import { knownAddresses } from './addresses.ts';
import type { Finding } from './finding.ts';

/** What was mended, or why it was not. */
export interface Fix {
  readonly fix: string;
  readonly state: 'done' | 'failed' | 'left';
  readonly detail: string;
}

interface PlannedFix {
  readonly fix: string;
  readonly kind: 'resume' | 'retry' | 'unlock';
  /** Table or reason. */
  readonly of: string;
  /** Empty when it is safe now. */
  readonly left_because: string;
}

/** What has a cure without a cause outside: dead letters that a part refused that works now. */
const RETRIED = { refused_by_database: 'questdb', undelivered: 'alerts' } as const;
const OURS = new Set<string>([...TABLES, ...ROLLUPS].map(({ name }) => name));
const DATABASE = { pool_size: 1, statement_timeout: seconds(20), connect_timeout: seconds(2) };

/** What of the findings can be mended without anybody's decision; all of it may be repeated without harm. */
export function planFixes(findings: readonly Finding[]): readonly PlannedFix[] {
  const failed = (part: string): boolean => findings.some((one) => one.part === part && one.state === 'fail');
  return findings.flatMap(({ part, check, code, figures }): PlannedFix[] => {
    if (part === 'questdb' && OURS.has(check) && (code === 'GV-SNK-003' || code === 'GV-SNK-004')) {
      const full = code === 'GV-SNK-004' || findings.some((one) => one.check === 'disk' && one.state === 'fail');
      const left_because = full ? 'the disk is full: it would be suspended again' : '';
      return [{ fix: `resume the table ${check}`, kind: 'resume', of: check, left_because }];
    }
    const reason = String(figures.reason ?? '');
    if (check === 'dead letters' && reason in RETRIED) {
      const needs = RETRIED[reason as keyof typeof RETRIED];
      const left_because = failed(needs) ? `${needs} still has failures` : '';
      return [{ fix: `send dead letters again: ${reason}`, kind: 'retry', of: reason, left_because }];
    }
    if (part === 'data' && check === 'lock') {
      return [{ fix: 'remove the stale lock of the data folder', kind: 'unlock', of: '', left_because: '' }];
    }
    return [];
  });
}

/** Does what `planFixes` planned, one after the other; a failure does not end the others. Never throws for a part that is away. */
export async function applyFixes(
  planned: readonly PlannedFix[],
  options: { readonly config: Config; readonly clock: Clock },
): Promise<readonly Fix[]> {
  const fixes: Fix[] = [];
  for (const one of planned) {
    const { fix, left_because } = one;
    if (left_because !== '') {
      fixes.push({ fix, state: 'left', detail: left_because });
      continue;
    }
    try {
      fixes.push({ fix, state: 'done', detail: await apply(one, options) });
    } catch (error) {
      fixes.push({ fix, state: 'failed', detail: error instanceof Error ? error.message : String(error) });
    }
  }
  return fixes;
}

async function apply(
  { kind, of }: PlannedFix,
  { config, clock }: { readonly config: Config; readonly clock: Clock },
): Promise<string> {
  const { nats, questdb } = await knownAddresses(config);
  if (kind === 'unlock') {
    // Whoever takes a stale lock removes it; giving it back leaves none. Nothing runs here, so that no trail has to know.
    (await acquireDataLock(config.data)).release();
    return 'the process that had it is gone';
  }
  // First, so that nothing is changed where it cannot be written down.
  const bus = await connectBus({ servers: nats.url, name: 'gpu-vitals doctor', clock, connect_timeout_ms: 3_000 });
  try {
    if (kind === 'resume') {
      await auditedCommand(
        { bus, clock },
        () => ({ action: 'doctor --fix', target: of, detail: JSON.stringify({ resume: of }) }),
        () => resume(of, questdb.pg),
      );
      return 'what waited is written now';
    }
    const { retried, skipped } = await auditedCommand(
      { bus, clock },
      (done) => ({ action: 'doctor --fix', target: of, detail: JSON.stringify({ reason: of, ...done }) }),
      () => retryDeadLetters(bus, { reason: of, clock }),
    );
    return `${retried} sent again, ${skipped} passed by`;
  } finally {
    await bus.close();
  }
}

async function resume(table: string, url: string): Promise<void> {
  const database: Database = connectDatabase({ url, ...DATABASE });
  try {
    await database.query(`ALTER TABLE ${quoted(table)} RESUME WAL`);
  } finally {
    await database.close();
  }
}
