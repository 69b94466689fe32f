import type { ErrorCode } from '../contract/error-catalogue.ts';
import { VitalsError } from '../contract/errors.ts';
import { withoutCredentials } from '../contract/without-credentials.ts';

/** 0 done, 1 failed, 2 wrong usage, 3 a needed part is missing. */
const WRONG_USAGE: readonly ErrorCode[] = ['GV-CLI-001', 'GV-CFG-001', 'GV-MDL-202'];
const PART_MISSING: readonly ErrorCode[] = ['GV-SVC-001'];

export function exitCodeOf(error: VitalsError): number {
  if (WRONG_USAGE.includes(error.code)) return 2;
  return PART_MISSING.includes(error.code) ? 3 : 1;
}

/** Anything thrown as an error that a person can act on. */
export function toVitalsError(error: unknown): VitalsError {
  if (error instanceof VitalsError) return error;
  return new VitalsError('GV-CLI-004', error instanceof Error ? error.message : String(error), '', { cause: error });
}

/** `error GV-...: what, where. What to do.`, or one JSON object; the stack only for `debug`. Nothing in it looks like a secret. */
export function describeError(error: VitalsError, options: { json: boolean; debug: boolean }): string {
  const cause = error.cause instanceof Error ? `\n${error.cause.stack ?? ''}` : '';
  const stack = options.debug ? `${error.stack ?? ''}${cause}` : '';
  if (options.json) {
    return withoutCredentials(JSON.stringify(options.debug ? { ...error.toJSON(), stack } : error));
  }
  return withoutCredentials(options.debug ? `${error.line()}\n${stack}` : error.line());
}
