import type { Alert } from '../../pipeline/contract/alerts.ts';
import type { Severity } from '../../pipeline/contract/events.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';

/** Tables whose items rules look at. */
export type AlertSource = Exclude<Alert['source'], 'alert-channels'>;

/** What one field must be: one of `in`, none of `not`, a severity of `at_least`, a number `above` or `below`; all that are given. */
export interface Comparison {
  readonly in?: readonly string[] | undefined;
  readonly not?: readonly string[] | undefined;
  readonly at_least?: Severity | undefined;
  readonly above?: number | undefined;
  readonly below?: number | undefined;
}

/** What is worth telling, as data. Of the rules for one table the first that an item fits is its rule. */
export interface AlertRule {
  readonly name: string;
  /** The table whose items it looks at. */
  readonly on: AlertSource;
  /** By field of the item (rule-fields.ts): all of them must fit. */
  readonly when: Readonly<Record<string, Comparison>>;
  /** Event time that this must hold before the alert opens, and be gone before it closes. */
  readonly for: DurationMs;
  readonly keep: DurationMs;
  /** `found`: that of the item, raised with it. */
  readonly severity: Severity | 'found';
  /** Empty: that of the item. */
  readonly category: string;
  /** Text with fields in braces (summary-text.ts). */
  readonly summary: string;
  /** Empty: what the item itself says. */
  readonly action_text: string;
  /**
   * Tells only of whom no other alert is open and, for so long, none was: for consequences of what another rule has told.
   * Null: whatever else is told.
   */
  readonly alone: DurationMs | null;
  readonly enabled: boolean;
}
