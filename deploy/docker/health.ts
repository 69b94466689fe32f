import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { heardOnBus } from '../../pipeline/bus/heard-on-bus.ts';
import { collectorName, collectorSubject, workerName, workerSubject } from '../../pipeline/roles/own-subjects.ts';

/**
 * Whether a role lives, by exit code: `[serve|engine|collect] [ready]`; without a word the role is that of process 1, whose
 * options count, like the environment and the file that it reads. `serve` and `up` are asked at /livez. `engine` and `collect`
 * have no port: each tells of itself over NATS once a second under its own name, so that no other one's word stands for it.
 * A NATS that is away is not their fault, and no reason to start them again; but nobody is ready without it.
 */
const ROLES = ['up', 'serve', 'engine', 'collect'];
const CONNECT_MS = 3_000;
/** With the connection and the start of this program below the 10 s that whoever asks waits. */
const SILENCE_MS = 4_000;

const isRole = (word: string): boolean => ROLES.includes(word);
const given = process.argv.slice(2);
const first = wordsOfFirst();
const role = given.find(isRole) ?? first.find(isRole) ?? 'serve';
const ready = given.includes('ready');
const words = [...first, ...given];
const file = optionsOfFile(flag('config') ?? process.env.GPU_VITALS_CONFIG ?? 'gpu-vitals.yaml');

const trouble = role === 'engine' || role === 'collect' ? await notHeard(ownSubject()) : await notAnswered();
if (trouble !== null) console.error(trouble);
process.exit(trouble === null ? 0 : 1);

function wordsOfFirst(): string[] {
  try {
    return readFileSync('/proc/1/cmdline', 'utf8').split('\0');
  } catch {
    return [];
  }
}

function flag(key: string): string | undefined {
  const name = `--${key}`;
  const at = words.findLastIndex((word) => word === name || word.startsWith(`${name}=`));
  return words[at] === name ? words[at + 1] : words[at]?.slice(name.length + 1);
}

function optionsOfFile(path: string): Readonly<Record<string, unknown>> {
  try {
    return parse(readFileSync(path, 'utf8')) ?? {};
  } catch {
    return {};
  }
}

/** Flag over environment over file, as the role itself reads them. */
function option(key: string): string {
  const variable = `GPU_VITALS_${key.toUpperCase().replaceAll('-', '_')}`;
  return String(flag(key) ?? process.env[variable] ?? file[key] ?? '');
}

function ownSubject(): string {
  if (role === 'engine') {
    return workerSubject(workerName({ cluster: option('cluster') === 'true', 'worker-name': option('worker-name') }));
  }
  const cluster = option('collector-cluster') === 'true';
  return collectorSubject(collectorName({ 'collector-cluster': cluster, 'collector-name': option('collector-name') }));
}

async function notHeard(subject: string): Promise<string | null> {
  const servers = option('nats') || 'nats://127.0.0.1:4222';
  const asked = { servers, subject, connect_timeout_ms: CONNECT_MS, silence_max_ms: SILENCE_MS };
  const told = await heardOnBus(asked).catch(() => 'unreachable');
  if (told === 'silent') return `nothing came on ${subject} within ${SILENCE_MS} ms`;
  return told === 'unreachable' && ready ? 'NATS cannot be reached' : null;
}

async function notAnswered(): Promise<string | null> {
  const port = /:(\d+)$/.exec(option('api'))?.[1] ?? '8080';
  const secure = option('tls-cert') !== '';
  // Only whether it answers: the certificate is made out to another name than this one.
  if (secure) process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  const url = `${secure ? 'https' : 'http'}://127.0.0.1:${port}/${ready ? 'readyz' : 'livez'}`;
  try {
    const { ok, status } = await fetch(url, { signal: AbortSignal.timeout(SILENCE_MS) });
    return ok ? null : `${url}: HTTP ${status}`;
  } catch (error) {
    return `${url}: ${String(error)}`;
  }
}
