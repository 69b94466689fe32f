import { ERRORS } from '../contract/error-catalogue.ts';
import { REASON_CODES, type Reason } from '../contract/events.ts';
import { type Finding, finding } from './finding.ts';

export interface DeadLetterFacts {
  readonly by_reason: ReadonlyMap<string, number>;
  /** Where the counting stopped. */
  readonly limit: number;
}

/** What was refused in the last hour: a finding a reason, most frequent first. */
export function judgeDeadLetters({ by_reason, limit }: DeadLetterFacts): Finding[] {
  const total = [...by_reason.values()].reduce((sum, n) => sum + n, 0);
  if (total === 0) return [finding('nats', 'dead letters', { what: 'none in the last hour', figures: { refused: 0 } })];
  return [...by_reason]
    .sort((a, b) => b[1] - a[1])
    .map(([reason, refused]) => {
      const code = REASON_CODES[reason as Reason] as (typeof REASON_CODES)[Reason] | undefined;
      const look = `See \`dead-letters list --reason ${reason}\`.`;
      return finding('nats', 'dead letters', {
        state: 'warn',
        what: `${total >= limit ? 'at least ' : ''}${refused} in the last hour: ${reason}`,
        ...(code === undefined ? {} : { code }),
        action: code === undefined ? look : `${ERRORS[code].action} ${look}`,
        figures: { reason, refused },
      });
    });
}
