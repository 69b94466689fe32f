import { ERRORS, type ErrorCode } from './error-catalogue.ts';

/** An error that is told to a person: what, where, and (from the catalogue, or more exactly here) what to do. */
export class VitalsError extends Error {
  readonly code: ErrorCode;
  readonly where: string;
  readonly action: string;

  constructor(code: ErrorCode, what: string, where: string, options: { action?: string; cause?: unknown } = {}) {
    super(what, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'VitalsError';
    this.code = code;
    this.where = where;
    this.action = options.action ?? ERRORS[code].action;
  }

  /** `error GV-XXX-NNN: what, where. What to do.` */
  line(): string {
    const place = this.where === '' ? '' : `, ${this.where}`;
    return `error ${this.code}: ${this.message.replace(/[.\s]+$/, '')}${place}. ${this.action}`;
  }

  toJSON(): { code: ErrorCode; what: string; where: string; action: string } {
    return { code: this.code, what: this.message, where: this.where, action: this.action };
  }
}
