import { VitalsError } from '../../pipeline/contract/errors.ts';
import { shownAddress } from '../../pipeline/contract/shown-address.ts';
import { addressOf, probeNats, probeQuestdb, probeTcp } from './probe.ts';

interface Given {
  readonly url: string;
  readonly pg_url: string;
  readonly version: string;
}

const PROBE_MS = 5_000;

/** The NATS server that the user names, or null when none is named. Of several addresses (commas) one has to answer. */
export async function givenNats(text: string | undefined): Promise<Given | null> {
  if (text === undefined || text === '') return null;
  const servers = text.split(',').map((part) => part.trim());
  let without = '';
  for (const server of servers) {
    const { host, port } = addressOf(server, ['nats', 'tls'], 4222, '--nats');
    // It says nothing in the clear: whether it has JetStream is found out by connecting.
    if (/[?&]handshake=first\b/.test(text) && (await probeTcp(host, port, PROBE_MS))) {
      return { url: text, pg_url: '', version: '' };
    }
    const info = await probeNats(host, port, PROBE_MS);
    if (info?.jetstream === true) return { url: text, pg_url: '', version: info.version };
    if (info !== null) without = server;
  }
  if (without !== '')
    throw new VitalsError(
      'GV-BUS-001',
      `the NATS server at ${shownAddress(without, { certain: true })} runs without JetStream`,
      '--nats',
    );
  throw new VitalsError('GV-BUS-001', `no NATS server answers at ${shownAddress(text, { certain: true })}`, '--nats');
}

/** The QuestDB that the user names by one or both of its addresses, or null when none is named. */
export async function givenQuestdb(http: string | undefined, pg: string | undefined): Promise<Given | null> {
  if ((http === undefined || http === '') && (pg === undefined || pg === '')) return null;
  const httpAddress = http
    ? addressOf(http, ['http', 'https'], http.startsWith('https') ? 443 : 9000, '--questdb')
    : null;
  const pgAddress = pg ? addressOf(pg, ['postgres', 'postgresql'], 8812, '--questdb-pg') : null;
  const host = httpAddress?.host ?? pgAddress?.host ?? '127.0.0.1';
  const named = host.includes(':') ? `[${host}]` : host;
  const url = http ? withPort(http, httpAddress?.port) : `http://${named}:9000`;
  const pg_url = pg || `postgres://admin:quest@${named}:8812/qdb`;
  const version = await probeQuestdb(url, PROBE_MS);
  if (version === null)
    throw new VitalsError('GV-SNK-001', `QuestDB does not answer at ${shownAddress(url)}`, '--questdb', GIVEN);
  if (!(await probeTcp(pgAddress?.host ?? host, pgAddress?.port ?? 8812, PROBE_MS))) {
    throw new VitalsError('GV-SNK-001', `nothing listens at ${shownAddress(pg_url)}`, '--questdb-pg', GIVEN);
  }
  return { url, pg_url, version };
}

const GIVEN = { action: 'Check the address and that QuestDB runs there.' };

/** `http://host` means QuestDB's own port, not 80. */
function withPort(text: string, port: number | undefined): string {
  const url = new URL(text);
  if (url.port === '' && url.protocol === 'http:' && port !== undefined) url.port = String(port);
  return url.href.replace(/\/$/, '');
}
