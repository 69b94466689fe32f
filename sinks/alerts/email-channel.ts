import { createTransport, type NodemailerError } from 'nodemailer';
import { causeId } from '../../pipeline/contract/ids.ts';
import { type Channel, ChannelFailure, type Notification } from '../../pipeline/contract/notifications.ts';
import { notificationText, plainLine } from './alert-text.ts';
import type { ChannelParts } from './channel-parts.ts';
import { mailHtml, mailPlain } from './mail-body.ts';
import { readAuthority } from './read-authority.ts';
import type { SecretSource } from './secret-source.ts';
import { withoutSecrets } from './without-secrets.ts';

interface EmailParts extends ChannelParts {
  readonly host: string;
  readonly port: number;
  /** `starttls` refuses a server that cannot, `tls` speaks it from the first byte, `none` never sends a password. */
  readonly security: 'starttls' | 'tls' | 'none';
  readonly user: string | null;
  readonly password: SecretSource | null;
  readonly from: string;
  readonly to: readonly string[];
}

interface Rejected {
  readonly addresses: ReadonlySet<string>;
  readonly for_good: boolean;
}

/** Mails that some recipients got and others not: whom a retry leaves out. */
const PARTLY_SENT_MAX = 200;
/** Wrong user or password: the same message will not be taken later either. */
const REFUSED_CODES: readonly string[] = ['EAUTH', 'EENVELOPE', 'EMESSAGE', 'ENOAUTH'];

/**
 * E-mail over SMTP, text and HTML, one connection a message. Messages of one group form a thread: all of them refer to an id made
 * from the group's key. A message that only some recipients get fails, and goes at the next try to the others alone. Its
 * Message-ID is the same at every try and in every process: once, where mail systems drop what they have had, as most do.
 */
export function emailChannel(parts: EmailParts): Channel {
  const partly = new Map<string, Set<string>>();

  async function deliver(notification: Notification, to: readonly string[], signal: AbortSignal): Promise<Rejected> {
    const password = parts.password?.read() ?? null;
    const secrets = password === null ? [] : [password];
    const transport = createTransport({
      host: parts.host,
      port: parts.port,
      secure: parts.security === 'tls',
      requireTLS: parts.security === 'starttls',
      ignoreTLS: parts.security === 'none',
      tls: { minVersion: 'TLSv1.2', ...readAuthority(parts.ca_file) },
      ...(password !== null && parts.user !== null && { auth: { user: parts.user, pass: password } }),
      connectionTimeout: parts.timeout,
      greetingTimeout: parts.timeout,
      dnsTimeout: parts.timeout,
      socketTimeout: parts.timeout,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    try {
      const info = await transport.sendMail({
        ...mailOf(notification, parts),
        envelope: { from: addressOf(parts.from), to: to.map(addressOf) },
        signal,
      });
      parts.on_answer(withoutSecrets(String(info.response ?? ''), secrets));
      const for_good = (info.rejectedErrors ?? []).every(({ responseCode }) => (responseCode ?? 0) >= 500);
      return { addresses: new Set(info.rejected.map(String)), for_good };
    } catch (error) {
      throw failureOf(error as NodemailerError, `${parts.host}:${parts.port}`, secrets);
    } finally {
      transport.close();
    }
  }

  return {
    name: parts.name,
    kind: 'email',
    async send(notification, signal) {
      const served = partly.get(notification.id) ?? new Set<string>();
      const to = parts.to.filter((one) => !served.has(addressOf(one)));
      const { addresses, for_good } = await deliver(notification, to, signal);
      partly.delete(notification.id);
      if (addresses.size === 0) return;
      for (const one of to) if (!addresses.has(addressOf(one))) served.add(addressOf(one));
      partly.set(notification.id, served);
      for (const oldest of partly.keys()) {
        if (partly.size <= PARTLY_SENT_MAX) break;
        partly.delete(oldest);
      }
      throw new ChannelFailure(`${parts.host} refuses ${[...addresses].join(', ')}; the other recipients have it`, {
        retryable: !for_good,
      });
    },
    close: async () => undefined,
  };
}

function mailOf(notification: Notification, parts: EmailParts) {
  const text = notificationText(notification, parts.link_base);
  const domain = addressOf(parts.from).split('@').at(-1) ?? 'localhost';
  const thread = `<${causeId(notification.group_key)}.alerts@${domain}>`;
  const urgent = notification.status === 'firing' && notification.severity === 'critical';
  return {
    from: parts.from,
    to: [...parts.to],
    subject: plainLine(`${text.simulated === '' ? '' : '[simulated] '}${text.headline}`, 200),
    text: mailPlain(text),
    html: mailHtml(text, notification),
    date: new Date(notification.at),
    messageId: `<${causeId(notification.group_key, notification.id)}.${notification.at}@${domain}>`,
    inReplyTo: thread,
    references: thread,
    priority: urgent ? ('high' as const) : ('normal' as const),
    xMailer: false as const,
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
  };
}

/** `a@b.example` of `Name <a@b.example>`. */
const addressOf = (text: string): string => /<([^<>]+)>$/.exec(text)?.[1] ?? text;

/** SMTP's own answer decides (RFC 5321, 4.2.1: 4yz may pass, 5yz will not); without one the network is to blame. */
function failureOf(error: NodemailerError, where: string, secrets: readonly string[]): ChannelFailure {
  const { responseCode, code, response, message } = error;
  if (error instanceof ChannelFailure) return error;
  const said = withoutSecrets(response ? `answers ${response}` : message, secrets);
  const retryable =
    responseCode === undefined ? !REFUSED_CODES.includes(code ?? '') : responseCode >= 400 && responseCode < 500;
  const why = code === 'EAUTH' ? 'does not accept the user: ' : code === 'ETLS' ? 'has no safe TLS: ' : '';
  return new ChannelFailure(`${where} ${why}${said}`, { retryable });
}
