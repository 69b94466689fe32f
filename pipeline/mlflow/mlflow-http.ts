import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Agent, fetch } from 'undici';
import { VitalsError } from '../contract/errors.ts';
import type { MlflowAddress } from './mlflow-address.ts';

export interface MlflowCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/api/2.0/`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly bytes?: Uint8Array;
  /** Doing it twice makes two of something: tried again only where the server has surely not done it. */
  readonly creates?: true;
}

export interface MlflowHttp {
  /** The answer's JSON. Throws MlflowRefusal with MLflow's own code, and VitalsError GV-MDL-106 when there is no answer. */
  call(call: MlflowCall): Promise<Readonly<Record<string, unknown>>>;
  close(): Promise<void>;
}

/** An error that MLflow answered; `reason` is its `error_code`, as `RESOURCE_ALREADY_EXISTS`. */
export class MlflowRefusal extends VitalsError {
  readonly reason: string;

  constructor(reason: string, what: string, where: string) {
    super('GV-MDL-106', what, where);
    this.reason = reason;
  }
}

const ATTEMPTS = 3;
const FIRST_WAIT_MS = 300;
const TIMEOUT_MS = 20_000;
/** What the slowest sensible line needs for the largest artifact. */
const UPLOAD_TIMEOUT_MS = 120_000;
const DETAIL_CHARS_MAX = 300;
/** Answers after which a call is tried again; of those that create something only when nothing was done. */
const PASSING: readonly number[] = [408, 429, 500, 502, 503, 504];
const NOT_DONE: readonly number[] = [429, 503];

/** MLflow's REST API over HTTP. Credentials are in no error that it throws. */
export function mlflowHttp(address: MlflowAddress): MlflowHttp {
  const agent = new Agent({
    connect: {
      timeout: TIMEOUT_MS,
      rejectUnauthorized: address.verify_tls,
      ...(address.ca_file !== null && { ca: readAuthorities(address.ca_file) }),
    },
  });

  async function once(
    call: MlflowCall,
  ): Promise<Readonly<Record<string, unknown>> | { readonly passing: VitalsError }> {
    const { method, path, query, json, bytes, creates } = call;
    const where = `${method} ${address.url}/api/2.0/${path}`;
    const search = query === undefined ? '' : `?${new URLSearchParams(query)}`;
    const body = bytes ?? (json === undefined ? null : JSON.stringify(json));
    let status: number;
    let text: string;
    try {
      const answer = await fetch(`${address.url}/api/2.0/${path}${search}`, {
        method,
        dispatcher: agent,
        headers: {
          'User-Agent': 'gpu-vitals',
          ...(json !== undefined && { 'Content-Type': 'application/json' }),
          ...(bytes !== undefined && { 'Content-Type': 'application/octet-stream' }),
          ...(address.authorization !== null && { Authorization: address.authorization }),
        },
        body,
        signal: AbortSignal.timeout(bytes === undefined ? TIMEOUT_MS : UPLOAD_TIMEOUT_MS),
      });
      status = answer.status;
      text = await answer.text();
    } catch (cause) {
      const error = new VitalsError('GV-MDL-106', `MLflow does not answer: ${reasonOf(cause)}`, where, { cause });
      if (creates && !/ECONNREFUSED|ENOTFOUND|EAI_AGAIN/.test(reasonOf(cause))) throw error;
      return { passing: error };
    }
    const answered = parse(text);
    if (status >= 200 && status < 300) return answered;
    const reason = typeof answered.error_code === 'string' ? answered.error_code : String(status);
    const said = typeof answered.message === 'string' ? answered.message : text;
    const error = new MlflowRefusal(reason, `MLflow answers ${status}: ${shortened(said) || reason}`, where);
    if ((creates ? NOT_DONE : PASSING).includes(status)) return { passing: error };
    throw error;
  }

  return {
    async call(call) {
      for (let attempt = 1; ; attempt++) {
        const answer = await once(call);
        if (!('passing' in answer && answer.passing instanceof VitalsError)) {
          return answer as Readonly<Record<string, unknown>>;
        }
        if (attempt === ATTEMPTS) throw answer.passing;
        await wait(FIRST_WAIT_MS * 2 ** (attempt - 1));
      }
    },
    close: () => agent.close(),
  };
}

function readAuthorities(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new VitalsError('GV-MDL-106', `MLFLOW_TRACKING_SERVER_CERT_PATH cannot be read`, path, { cause });
  }
}

/** `fetch failed` says nothing; what is below it does. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (error.name === 'TimeoutError') return 'it takes too long';
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0]);
  return cause instanceof Error ? reasonOf(cause) : error.message;
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

const shortened = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, DETAIL_CHARS_MAX);
