import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { milliseconds } from '../../pipeline/contract/time.ts';
import { failureOf, secret, signal, testParts } from './channel-parts.fixture.ts';
import { emailChannel } from './email-channel.ts';
import { HOSTILE, notificationOf, notifiedAlert } from './notification.fixture.ts';
import {
  closeSmtpSides,
  hasOpenssl,
  type Mail,
  type SmtpSide,
  smtpSide,
  testCertificate,
} from './smtp-side.fixture.ts';

afterEach(closeSmtpSides);

type EmailParts = Parameters<typeof emailChannel>[0];
const PASSWORD = 'hunter2 & more';

const channelTo = (port: number, some: Partial<EmailParts> = {}) => {
  const parts = testParts();
  const channel = emailChannel({
    ...parts,
    host: '127.0.0.1',
    port,
    security: 'none',
    user: null,
    password: null,
    from: 'GPU vitals <vitals@fleet.example>',
    to: ['mia@ops.example', 'Jo Doe <jo@ops.example>'],
    ...some,
  });
  return { channel, parts };
};

async function mailOf(some: Parameters<typeof notificationOf>[0] = {}): Promise<Mail> {
  const side = await smtpSide({ disabledCommands: ['STARTTLS', 'AUTH'] });
  await channelTo(side.port).channel.send(notificationOf(some), signal());
  expect(side.mails).toHaveLength(1);
  return side.mails[0] as Mail;
}

describe('e-mail', () => {
  it('says the same as text and as HTML', async () => {
    const mail = await mailOf({ simulated: true, more: 2 });
    expect([mail.from, mail.to]).toEqual(['vitals@fleet.example', ['mia@ops.example', 'jo@ops.example']]);
    expect(mail.headers).toMatchObject({
      subject: '[simulated] [critical] GPU-1111 on gpu-017 is too hot',
      from: 'GPU vitals <vitals@fleet.example>',
      to: 'mia@ops.example, Jo Doe <jo@ops.example>',
      date: 'Mon, 05 Jan 2026 14:15:22 +0000',
      'auto-submitted': 'auto-generated',
      importance: 'High',
    });
    expect(mail.headers['x-mailer']).toBeUndefined();
    const lines = [
      'GPU-1111 on gpu-017 is at 96 C, 9 C over its limit, since 14:03.',
      'GPU-1111, NVIDIA H100 80GB HBM3, node gpu-017, rack r12, cluster c1, used by train/pod-7',
      'critical (thermal)',
      '2026-01-05 14:03:22 +00:00 (UTC), for 12 min',
      'Drain the node and look at its fans.',
      'http://console.example:8080/gpus/GPU-1111',
      'And 2 more alerts that are not listed here.',
      'http://console.example:8080/alerts?node=gpu-017',
      'Simulated: these figures are of no real fleet.',
    ];
    for (const line of lines) {
      expect(mail.parts['text/plain']).toContain(line);
      expect(mail.parts['text/html']).toContain(line);
    }
    expect(mail.parts['text/html']).not.toMatch(/<(script|img|link|iframe)|src=/i);
  });

  it('makes one thread of a group, and another of another', async () => {
    const mails = [
      await mailOf(),
      await mailOf({ id: 'n2', at: notificationOf().at + 1, reason: 'escalated' }),
      await mailOf({ group_key: 'node=other' }),
    ];
    const [first, second, other] = mails.map(({ headers }) => headers) as [
      Mail['headers'],
      Mail['headers'],
      Mail['headers'],
    ];
    expect(first['in-reply-to']).toMatch(/^<[0-9a-f]{16}\.alerts@fleet\.example>$/);
    expect(first.references).toBe(first['in-reply-to']);
    expect(second['in-reply-to']).toBe(first['in-reply-to']);
    expect(other['in-reply-to']).not.toBe(first['in-reply-to']);
    expect(new Set(mails.map(({ headers }) => headers['message-id'])).size).toBe(3);
    expect(await mailOf()).toMatchObject({ headers: { 'message-id': first['message-id'] } });
  });

  it('has the same Message-ID at every try, so that mail systems drop a second one whose answer was lost', async () => {
    const seen: string[] = [];
    const side = await smtpSide({
      disabledCommands: ['STARTTLS', 'AUTH'],
      onData(stream, _, done) {
        let raw = '';
        stream.setEncoding('utf8').on('data', (text: string) => {
          raw += text;
        });
        stream.on('end', () => {
          seen.push(/^message-id: (.+)\r$/im.exec(raw)?.[1] ?? 'none');
          // Taken, and the answer never comes.
          if (seen.length > 1) done();
        });
      },
    });
    const { channel } = channelTo(side.port, { timeout: milliseconds(300) });
    expect(await failureOf(channel.send(notificationOf(), signal()))).toMatchObject({ retryable: true });
    await channel.send(notificationOf(), signal());
    expect(seen).toHaveLength(2);
    expect(seen[0]).toMatch(/^<[0-9a-f]{16}\.\d+@fleet\.example>$/);
    expect(seen[1]).toBe(seen[0]);
  });

  it('lets nothing of a name become a header or markup', async () => {
    const mail = await mailOf({
      ...{ title: HOSTILE, group_key: HOSTILE, id: HOSTILE },
      alerts: [notifiedAlert({ summary: HOSTILE, node: HOSTILE, link: 'javascript:alert(1)' })],
    });
    expect(Object.keys(mail.headers)).not.toContain('bcc');
    expect(mail.to).toEqual(['mia@ops.example', 'jo@ops.example']);
    expect(mail.headers.subject).not.toMatch(/[\r\n]/);
    const html = mail.parts['text/html'] ?? '';
    expect(html).not.toMatch(/<script|javascript:|\u202e|\0/);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;!channel&gt;');
    expect(html).toContain('&quot;q&quot; &#39;q&#39;');
  });

  it('marks what is over as not urgent', async () => {
    const mail = await mailOf({ status: 'resolved', reason: 'closed' });
    expect(mail.headers.subject).toMatch(/^\[closed\]/);
    expect(mail.headers.importance).toBeUndefined();
  });

  it.each<[string, number, boolean]>([
    ['a mailbox that is full', 452, true],
    ['greylisting', 451, true],
    ['a sender that may not', 550, false],
    ['a message that is unwanted', 554, false],
  ])('reads %s', async (what, responseCode, retryable) => {
    const side = await smtpSide({
      disabledCommands: ['STARTTLS', 'AUTH'],
      onMailFrom: (_, __, done) => done(Object.assign(new Error(what), { responseCode })),
    });
    const failure = await failureOf(channelTo(side.port).channel.send(notificationOf(), signal()));
    expect(failure.retryable).toBe(retryable);
    expect(failure.message).toContain(`127.0.0.1:${side.port}`);
    expect(failure.message).toContain(`${responseCode} ${what}`);
  });

  it.each([
    [550, false],
    [450, true],
  ])(
    'tells when some recipients are refused with %i, and sends to the others once',
    async (responseCode, retryable) => {
      let refusing = true;
      const side = await smtpSide({
        disabledCommands: ['STARTTLS', 'AUTH'],
        onRcptTo: ({ address }, _, done) =>
          refusing && address.startsWith('jo') ? done(Object.assign(new Error('not now'), { responseCode })) : done(),
      });
      const { channel } = channelTo(side.port);
      const failure = await failureOf(channel.send(notificationOf(), signal()));
      expect(failure).toMatchObject({
        retryable,
        message: '127.0.0.1 refuses jo@ops.example; the other recipients have it',
      });
      refusing = false;
      await channel.send(notificationOf(), signal());
      expect(side.mails.map(({ to }) => to)).toEqual([['mia@ops.example'], ['jo@ops.example']]);
    },
  );

  it('gives up on one that says nothing, that is not there, and when told to', async () => {
    const side = await smtpSide({ disabledCommands: ['STARTTLS', 'AUTH'], onConnect: () => undefined });
    const slow = channelTo(side.port, { timeout: milliseconds(150) }).channel;
    expect(await failureOf(slow.send(notificationOf(), signal()))).toMatchObject({ retryable: true });
    const stop = new AbortController();
    const sent = failureOf(channelTo(side.port).channel.send(notificationOf(), stop.signal));
    stop.abort();
    expect(await sent).toMatchObject({ retryable: true });
    await closeSmtpSides();
    const gone = await failureOf(channelTo(side.port).channel.send(notificationOf(), signal()));
    expect(gone.retryable).toBe(true);
    expect(gone.message).toMatch(/ECONNREFUSED/);
  });
});

describe.skipIf(!hasOpenssl)('e-mail over TLS, with a user (needs openssl to make a certificate)', () => {
  let certificate: ReturnType<typeof testCertificate>;
  beforeAll(() => {
    certificate = testCertificate();
  });
  afterAll(() => certificate.remove());

  const guarded = (some: Parameters<typeof smtpSide>[0] = {}): Promise<SmtpSide> =>
    smtpSide({
      key: certificate.key,
      cert: certificate.cert,
      authOptional: false,
      onAuth: ({ username, password }, _, done) =>
        username === 'vitals' && password === PASSWORD
          ? done(null, { user: username })
          : done(Object.assign(new Error(`no ${password} here`), { responseCode: 535 })),
      ...some,
    });
  const login = (port: number, some: Partial<EmailParts> = {}) =>
    channelTo(port, {
      ...{ security: 'starttls', ca_file: certificate.cert_file, user: 'vitals', password: secret(PASSWORD) },
      ...some,
    });

  it.each([
    ['starttls', false],
    ['tls', true],
  ] as const)('%s', async (security, secure) => {
    const side = await guarded({ secure });
    const { channel, parts } = login(side.port, { security });
    await channel.send(notificationOf(), signal());
    expect(side.mails[0]).toMatchObject({ user: 'vitals', secure: true });
    expect(parts.said[0]).toMatch(/^250 /);
  });

  it('shows no password when it is refused', async () => {
    const side = await guarded();
    const wrong = `${PASSWORD}-wrong`;
    const failure = await failureOf(
      login(side.port, { password: secret(wrong) }).channel.send(notificationOf(), signal()),
    );
    expect(failure).toMatchObject({ retryable: false });
    expect(failure.message).toMatch(/does not accept the user.*535/);
    expect(failure.message).not.toMatch(/hunter2|wrong/);
    expect(failure.cause).toBeUndefined();
  });

  it('sends nothing where the certificate is not trusted, or where there is no TLS', async () => {
    const side = await guarded();
    const untrusted = await failureOf(
      login(side.port, { ca_file: undefined }).channel.send(notificationOf(), signal()),
    );
    expect(untrusted.message).toMatch(/self-signed certificate/);
    const plain = await guarded({ disabledCommands: ['STARTTLS'], allowInsecureAuth: true });
    const open = await failureOf(login(plain.port).channel.send(notificationOf(), signal()));
    expect(open.message).toMatch(/TLS/);
    expect([...side.mails, ...plain.mails]).toEqual([]);
  });
});
