import { ERRORS_OF_ANSWERS } from './errors-of-answers.ts';
import { ERRORS_OF_DATA } from './errors-of-data.ts';

/**
 * The error catalogue: every code that a person, a log line or a dead letter can carry, what it means and what to do.
 * Codes are for ever; a retired one is never given to another meaning.
 */
export const ERRORS = { ...ERRORS_OF_DATA, ...ERRORS_OF_ANSWERS } as const;

export type ErrorCode = keyof typeof ERRORS;
