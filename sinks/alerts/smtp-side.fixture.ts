import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly user: unknown;
  readonly secure: boolean;
  /** Unfolded, by lower-case name; several of one name are a mistake that a test sees as a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly raw: string;
  /** Decoded bodies by content type. */
  readonly parts: Readonly<Record<string, string>>;
}

export interface SmtpSide {
  readonly port: number;
  readonly mails: readonly Mail[];
}

const servers: SMTPServer[] = [];

/** A real SMTP server on loopback that keeps what it gets. */
export async function smtpSide(options: SMTPServerOptions = {}): Promise<SmtpSide> {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    logger: false,
    onData(stream, session, done) {
      let raw = '';
      stream.setEncoding('utf8').on('data', (text: string) => {
        raw += text;
      });
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        const { headers, body } = split(raw);
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          ...{ user: session.user, secure: session.secure, headers, raw, parts: partsOf(headers, body) },
        });
        done();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return { port: (server.server.address() as AddressInfo).port, mails };
}

/** `afterEach(closeSmtpSides)`. */
export async function closeSmtpSides(): Promise<void> {
  for (const server of servers.splice(0)) await new Promise<void>((resolve) => server.close(() => resolve()));
}

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** A certificate for 127.0.0.1 that signs itself; `remove` when done. */
export function testCertificate(): { key: string; cert: string; cert_file: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'alerts-smtp-'));
  const [key, cert_file] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-keyout', key, '-out', cert_file, '-subj', '/CN=mail', '-addext', 'subjectAltName=IP:127.0.0.1'],
  ]);
  const remove = (): void => rmSync(folder, { recursive: true });
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert_file, 'utf8'), cert_file, remove };
}

function split(raw: string): { headers: Record<string, string>; body: string } {
  const end = raw.indexOf('\r\n\r\n');
  const headers: Record<string, string> = {};
  for (const line of raw
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  return { headers, body: raw.slice(end + 4) };
}

function partsOf(headers: Record<string, string>, body: string): Record<string, string> {
  const boundary = /boundary="?([^";]+)"?/.exec(headers['content-type'] ?? '')?.[1];
  if (boundary !== undefined) {
    const pieces = body.split(`--${boundary}`).slice(1, -1);
    return Object.assign(
      {},
      ...pieces.map((piece) => split(piece.slice(2))).map((one) => partsOf(one.headers, one.body)),
    );
  }
  const type = (headers['content-type'] ?? 'text/plain').split(';')[0] as string;
  const encoding = headers['content-transfer-encoding'];
  if (encoding === 'base64') return { [type]: Buffer.from(body, 'base64').toString('utf8') };
  if (encoding !== 'quoted-printable') return { [type]: body };
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return { [type]: Buffer.from(bytes, 'latin1').toString('utf8') };
}
