import type { ChannelSettings } from '../sinks/alerts/channel-settings.ts';

interface ChannelExample {
  readonly kind: ChannelSettings['kind'];
  readonly title: string;
  readonly what: string;
  /** A value of `alert-channels`, as it stands in the file. */
  readonly yaml: string;
  readonly notes: readonly string[];
}

const COMMON = "Also `timeout` (10s) and `ca_file` (a PEM file of the authorities to trust instead of the system's).";
const URLS = 'The address is a secret: give it as `url_file` or `url_env`; `url` is allowed and never shown.';

/** One example a kind; a test reads all of them with the schema. */
export const CHANNEL_EXAMPLES: readonly ChannelExample[] = [
  {
    kind: 'slack',
    title: 'Slack',
    what: 'An incoming webhook: a header, a section for each alert under the colour of its severity, a button to the console.',
    yaml: `alert-channels:
  ops:
    kind: slack
    url_file: /run/secrets/slack-webhook
`,
    notes: [
      URLS,
      'At least once: an incoming webhook has no key against doubles. A message whose answer was lost, or was taken right before the program was killed, comes twice.',
      COMMON,
    ],
  },
  {
    kind: 'email',
    title: 'E-mail',
    what: 'SMTP, text and HTML; all messages about one group form a thread.',
    yaml: `alert-channels:
  mail:
    kind: email
    host: smtp.example.com
    security: starttls
    user: gpu-vitals
    password_file: /run/secrets/smtp-password
    from: GPU vitals <gpu-vitals@example.com>
    to: [gpu-oncall@example.com]
`,
    notes: [
      '`security` is `starttls` (the default; port 587; a server without it is refused), `tls` (port 465) or `none` (port 25, without a password). `port` changes the port.',
      'Once, where the mail system drops a `Message-ID` that it has had: it is the same at every try.',
      COMMON,
    ],
  },
  {
    kind: 'pagerduty',
    title: 'PagerDuty',
    what: 'Events API v2: one event an alert, triggered, acknowledged and resolved under the id of the alert.',
    yaml: `alert-channels:
  page:
    kind: pagerduty
    routing_key_env: PAGERDUTY_ROUTING_KEY
`,
    notes: [
      'In Europe set `url` to https://events.eu.pagerduty.com/v2/enqueue.',
      'Exactly once: `dedup_key` is the id of the alert, so that a second event changes the same incident.',
      COMMON,
    ],
  },
  {
    kind: 'webhook',
    title: 'Webhook',
    what: 'The whole notification as JSON, posted; of the GPUs that one alert covers the first 200.',
    yaml: `alert-channels:
  desk:
    kind: webhook
    url_file: /run/secrets/desk-url
    secret_file: /run/secrets/desk-secret
`,
    notes: [
      `${URLS} \`bearer_token_file\` or \`bearer_token_env\` adds an Authorization header.`,
      'Exactly once for a receiver that drops what it has seen: `Idempotency-Key` is the same at every try of one message, also after a restart.',
      'With a secret every message has `GPU-Vitals-Signature: t=<epoch seconds>,v1=<hex>`: HMAC-SHA256 over `<t>.<body>`. A receiver computes it over the bytes that came, compares in constant time, and refuses a `t` that is more than five minutes from now (`now_s`, epoch seconds).',
      COMMON,
    ],
  },
  {
    kind: 'alertmanager',
    title: 'Alertmanager',
    what: 'API v2: labels `alertname` (the rule), `severity`, `node`, `gpu_uuid`, `rack`, `cluster`, `owner`, `tenant`, `alert_id` and more where they are known.',
    yaml: `alert-channels:
  prom:
    kind: alertmanager
    url: http://alertmanager:9093
    labels: { env: prod }
    repost: 1m
`,
    notes: [
      'Exactly once: an alert is known by its labels. Open ones are posted again every `repost`, by whichever process sends, and end by themselves after five of them. Of several Alertmanagers each is a channel.',
      `\`bearer_token_file\` or \`bearer_token_env\` adds an Authorization header. ${COMMON}`,
    ],
  },
];

/** Verifies a signature as a receiver does; a test runs it against a real message. */
export const SIGNATURE_EXAMPLE = `import { createHmac, timingSafeEqual } from 'node:crypto';

export function isGenuine(header, body, secret, now_s) {
  const [, t, v1] = /^t=(\\d+),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  if (t === undefined || Math.abs(now_s - Number(t)) > 300) return false;
  const expected = createHmac('sha256', secret).update(\`\${t}.\${body}\`).digest();
  return timingSafeEqual(expected, Buffer.from(v1, 'hex'));
}
`;

/** The reference page of alert channels. */
export function alertChannelsPage(): string {
  return [
    '# Alert channels',
    '',
    'Generated from `pipeline/alert-channels-page.ts` by `npm run generate`. `alert-channels` in `gpu-vitals.yaml` names the ways out;',
    'routes send to them by name. Secrets stand in files (`_file`, read again for every message) or variables (`_env`).',
    '`gpu-vitals alerts channels` shows what is configured, without secrets; `gpu-vitals alerts test CHANNEL` sends one message.',
    '',
    'A message that is not taken is tried again for about an hour, with growing pauses or as the other side asks; newer messages',
    'about the same group take it in. Then it is a dead letter: `gpu-vitals dead-letters list --reason undelivered`, and `retry`',
    'after a fix. A channel that does not work is an alert on all others. Links in messages lead to `alert-link`. One process',
    'sends at a time; what it has decided is stored before it is sent, so that the next one goes on where it was killed.',
    ...CHANNEL_EXAMPLES.flatMap(({ title, what, yaml, notes }) => [
      '',
      `## ${title}`,
      '',
      what,
      '',
      '```yaml',
      yaml.trimEnd(),
      '```',
      '',
      ...notes.map((note) => `- ${note}`),
      ...(title === 'Webhook' ? ['', '```js', SIGNATURE_EXAMPLE.trimEnd(), '```'] : []),
    ]),
    '',
  ].join('\n');
}
