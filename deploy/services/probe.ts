import { connect } from 'node:net';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { shownAddress } from '../../pipeline/contract/shown-address.ts';

export interface NatsInfo {
  readonly version: string;
  readonly server_name: string;
  readonly jetstream: boolean;
}

/**
 * Reads the INFO line that a nats-server sends to whoever connects; null when none comes in time.
 * Source: the NATS client protocol.
 */
export function probeNats(host: string, port: number, timeoutMs: number): Promise<NatsInfo | null> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host, port });
    const end = (info: NatsInfo | null): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(info);
    };
    const timer = setTimeout(() => end(null), timeoutMs);
    socket.setEncoding('utf8');
    socket.on('error', () => end(null));
    socket.on('close', () => end(null));
    socket.on('data', (chunk: string) => {
      text += chunk;
      const stop = text.indexOf('\r\n');
      if (stop < 0 && text.length < 65_536) return;
      end(readInfo(text.slice(0, Math.max(stop, 0))));
    });
  });
}

function readInfo(line: string): NatsInfo | null {
  if (!line.startsWith('INFO ')) return null;
  try {
    const info: unknown = JSON.parse(line.slice(5));
    if (typeof info !== 'object' || info === null) return null;
    const field = (name: string): unknown => (info as Record<string, unknown>)[name];
    return {
      version: String(field('version') ?? ''),
      server_name: String(field('server_name') ?? ''),
      jetstream: field('jetstream') === true,
    };
  } catch {
    return null;
  }
}

/** Whether something accepts TCP connections there. */
export function probeTcp(host: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (open: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(open);
    };
    const timer = setTimeout(() => end(false), timeoutMs);
    socket.on('error', () => end(false));
    socket.on('connect', () => end(true));
  });
}

/** Asks QuestDB's HTTP side for its build; the version (`''` when it does not tell one), or null when it does not answer. */
export async function probeQuestdb(url: string, timeoutMs: number): Promise<string | null> {
  const text = await askQuestdb(url, 'select build()', timeoutMs);
  return text === null ? null : (/QuestDB ([\w.-]+)/.exec(text)?.[1] ?? '');
}

/**
 * The folder that a QuestDB keeps its data in, as it was started with; `''` when it answers and does not tell (another release),
 * null when it does not answer.
 */
export async function probeQuestdbRoot(url: string, timeoutMs: number): Promise<string | null> {
  const text = await askQuestdb(
    url,
    "select value from (show parameters) where property_path = 'cairo.sql.copy.work.root'",
    timeoutMs,
  );
  if (text === null) return null;
  const { dataset } = JSON.parse(text) as { readonly dataset?: readonly (readonly unknown[])[] };
  const folder = dataset?.[0]?.[0];
  return typeof folder === 'string' ? folder.replace(/[\\/]tmp$/, '') : '';
}

/** The answer to a statement as JSON; null when there is none. */
async function askQuestdb(url: string, query: string, timeoutMs: number): Promise<string | null> {
  try {
    const address = new URL(url);
    const user = decodeURIComponent(address.username);
    const headers: Record<string, string> = {};
    if (user !== '') {
      const pair = `${user}:${decodeURIComponent(address.password)}`;
      headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
    }
    address.username = '';
    address.password = '';
    address.pathname = `${address.pathname.replace(/\/$/, '')}/exec`;
    address.search = `?query=${encodeURIComponent(query)}`;
    const answer = await fetch(address, { headers, signal: AbortSignal.timeout(timeoutMs) });
    return answer.ok ? await answer.text() : null;
  } catch {
    return null;
  }
}

/** Host and port of an address; VitalsError GV-CFG-001 when it is not one of `schemes` or cannot be read. */
export function addressOf(
  text: string,
  schemes: readonly string[],
  defaultPort: number,
  option: string,
): { host: string; port: number } {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new VitalsError('GV-CFG-001', `"${shownAddress(text, { certain: true })}" is not an address`, option);
  }
  if (!schemes.includes(url.protocol.replace(/:$/, '')) || url.hostname === '') {
    const what = `"${shownAddress(text, { certain: true })}" does not begin with ${schemes.join(':// or ')}://HOST`;
    throw new VitalsError('GV-CFG-001', what, option);
  }
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? defaultPort : Number(url.port) };
}
