import { ERRORS, type ErrorCode } from '../contract/error-catalogue.ts';
import { withoutCredentials } from '../contract/without-credentials.ts';

export type Part =
  | 'machine'
  | 'data'
  | 'ports'
  | 'nats'
  | 'questdb'
  | 'engine'
  | 'collector'
  | 'api'
  | 'live'
  | 'clocks'
  | 'alerts'
  | 'keys'
  | 'models';

/** What one check found: `fail` is broken, `warn` will be or may be meant so, `ok` needs nobody. */
export interface Finding {
  readonly part: Part;
  readonly check: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly what: string;
  /** What to do about it; empty when there is nothing to do. */
  readonly action: string;
  readonly code?: ErrorCode;
  /** Measured values by name, units last. */
  readonly figures: Readonly<Record<string, number | string | null>>;
}

/** A finding, with the action of its code from the catalogue unless there is a better one. */
export function finding(
  part: Part,
  check: string,
  told: {
    readonly state?: Finding['state'];
    readonly what: string;
    readonly code?: ErrorCode;
    readonly action?: string;
    readonly figures?: Finding['figures'];
  },
): Finding {
  const { state = 'ok', code } = told;
  const what = withoutCredentials(told.what);
  const figures = Object.fromEntries(
    Object.entries(told.figures ?? {}).map(([name, figure]) => [
      name,
      typeof figure === 'string' ? withoutCredentials(figure) : figure,
    ]),
  );
  if (state === 'ok') return { part, check, state, what, action: '', figures };
  const action = withoutCredentials(told.action ?? (code === undefined ? '' : ERRORS[code].action));
  return { part, check, state, what, action, ...(code === undefined ? {} : { code }), figures };
}

/** As `--json` prints it: figures beside the rest. */
export const flatFinding = ({ figures, ...rest }: Finding): Readonly<Record<string, unknown>> => ({
  ...rest,
  ...figures,
});
