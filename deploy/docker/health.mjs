/**
 * Whether a role lives, by exit code: `health.mjs serve|engine|collect`; without a word the role is that of process 1.
 * `serve` and `up` are asked at /livez. `engine` and `collect` have no port: they tell of themselves over NATS once a second.
 * A NATS that is away is not their fault, and no reason to start them again.
 */
import { readFileSync } from 'node:fs';

const SILENCE_MS = 5_000;
const told = process.argv[2] ?? roleOfFirst();
const subjects = { engine: 'vitals.topology.*', collect: 'vitals.metrics.collector' };
process.exit((await (told in subjects ? heard(subjects[told]) : answers())) ? 0 : 1);

function roleOfFirst() {
  try {
    const words = readFileSync('/proc/1/cmdline', 'utf8').split('\0');
    return words.find((word) => ['up', 'serve', 'engine', 'collect'].includes(word)) ?? 'serve';
  } catch {
    return 'serve';
  }
}

async function answers() {
  const port = /:(\d+)$/.exec(process.env.GPU_VITALS_API ?? '')?.[1] ?? '8080';
  const secure = (process.env.GPU_VITALS_TLS_CERT ?? '') !== '';
  // Only whether it answers: the certificate is made out to another name than this one.
  if (secure) process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  try {
    const url = `${secure ? 'https' : 'http'}://127.0.0.1:${port}/livez`;
    return (await fetch(url, { signal: AbortSignal.timeout(SILENCE_MS) })).ok;
  } catch {
    return false;
  }
}

async function heard(subject) {
  const { connect } = await import('@nats-io/transport-node');
  const address = new URL((process.env.GPU_VITALS_NATS ?? 'nats://127.0.0.1:4222').split(',')[0]);
  const { username, password, host } = address;
  const login = username === '' ? {} : { user: decodeURIComponent(username), pass: decodeURIComponent(password) };
  let connection;
  try {
    connection = await connect({ servers: host, ...login, timeout: SILENCE_MS, reconnect: false });
  } catch {
    return true;
  }
  const subscription = connection.subscribe(subject, { max: 1 });
  const timer = setTimeout(() => subscription.unsubscribe(), SILENCE_MS);
  let found = false;
  for await (const _ of subscription) found = true;
  clearTimeout(timer);
  await connection.close();
  return found;
}
