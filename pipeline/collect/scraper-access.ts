import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Target } from './targets.ts';

/** How targets are reached that need more than plain HTTP. The first rule that matches a target counts. */
export const targetAccessSchema = z.strictObject({
  match: z.string().min(1).default('*').describe('host:port of the targets, with * for any text'),
  ca_file: z.string().optional().describe('PEM file of the authorities to trust instead of the system ones'),
  cert_file: z.string().optional().describe('PEM file of the client certificate'),
  key_file: z.string().optional().describe('PEM file of the client key'),
  server_name: z.string().optional().describe('name that the certificate must carry, when it is not the host'),
  insecure: z.boolean().default(false).describe('accept any certificate'),
  bearer_token: z.string().optional().describe('sent as Authorization: Bearer'),
  bearer_token_file: z.string().optional().describe('file that holds the token; read again every 30 s'),
});

export type TargetAccess = z.output<typeof targetAccessSchema>;

const TOKEN_AGE_MAX_MS = 30_000;

/** TLS material and token of the targets of one rule. Files are read when first needed; their errors are the caller's. */
export class Access {
  readonly #rule: TargetAccess | undefined;
  readonly #clock: Clock;
  #token: { readonly text: string; readonly read_at: number } | null = null;

  constructor(rule: TargetAccess | undefined, clock: Clock) {
    this.#rule = rule;
    this.#clock = clock;
  }

  /** Options for a new TLS connection; reads the files again, so that renewed ones count. Throws when one cannot be read. */
  tls(): { ca?: string; cert?: string; key?: string; servername?: string; rejectUnauthorized?: boolean } {
    const rule = this.#rule;
    return {
      ...(rule?.ca_file === undefined ? {} : { ca: readFileSync(rule.ca_file, 'utf8') }),
      ...(rule?.cert_file === undefined ? {} : { cert: readFileSync(rule.cert_file, 'utf8') }),
      ...(rule?.key_file === undefined ? {} : { key: readFileSync(rule.key_file, 'utf8') }),
      ...(rule?.server_name === undefined ? {} : { servername: rule.server_name }),
      ...(rule?.insecure === true ? { rejectUnauthorized: false } : {}),
    };
  }

  /** Value of the Authorization header, or null. Throws when the token's file cannot be read. */
  authorization(): string | null {
    const rule = this.#rule;
    if (rule?.bearer_token !== undefined) return `Bearer ${rule.bearer_token}`;
    if (rule?.bearer_token_file === undefined) return null;
    const now = this.#clock.monotonic();
    if (this.#token === null || now - this.#token.read_at > TOKEN_AGE_MAX_MS) {
      this.#token = { text: readFileSync(rule.bearer_token_file, 'utf8').trim(), read_at: now };
    }
    return `Bearer ${this.#token.text}`;
  }
}

/** Finds the access of a target; targets of one rule share one. */
export function accessFinder(rules: readonly TargetAccess[], clock: Clock): (target: Target) => Access {
  const plain = new Access(undefined, clock);
  const compiled = rules.map((rule) => ({
    matches: new RegExp(`^${rule.match.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, 'i'),
    access: new Access(rule, clock),
  }));
  return (target) => compiled.find((one) => one.matches.test(target.address))?.access ?? plain;
}
