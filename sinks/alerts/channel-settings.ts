import { z } from 'zod';
import { parseDuration } from '../../pipeline/contract/time.ts';

/**
 * What is written in the configuration for one channel. Whatever could open a door stands in a file or a variable that is
 * named here (`_file`, `_env`); an address in `url` is allowed and treated as a secret all the same.
 */
const ONE_LINE = /^[^\u0000-\u001f\u007f]*$/;
const line = () => z.string().min(1).max(2_000).regex(ONE_LINE, 'must be one line');
const httpUrl = () =>
  line().refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
    error: 'must be an http or https address',
  });
const variable = () => z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable');
const mailAddress = () =>
  line()
    .max(320)
    .regex(/^(?:[^\s<>@,;"]+@[^\s<>@,;"]+|[^<>@,;"]* <[^\s<>@,;"]+@[^\s<>@,;"]+>)$/, {
      error: 'must be an e-mail address, a@b.example or Name <a@b.example>',
    });
const duration = (fallback: string, min: string, max: string) =>
  z
    .string()
    .refine((text) => within(text, min, max), { error: `must be a duration from ${min} to ${max}` })
    .default(fallback);

function within(text: string, min: string, max: string): boolean {
  const value = parseDuration(text);
  return value !== null && value >= (parseDuration(min) ?? 0) && value <= (parseDuration(max) ?? 0);
}

/** Refuses settings that have not exactly one (or, when it may be left out, at most one) of the ways to give a secret. */
function oneOf(names: readonly string[], optional = false) {
  return (value: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void => {
    const given = names.filter((name) => value[name] !== undefined);
    if (given.length === 1 || (optional && given.length === 0)) return;
    context.addIssue({ code: 'custom', message: `needs ${optional ? 'at most ' : ''}one of ${names.join(', ')}` });
  };
}

const TIMEOUT = { timeout: duration('10s', '100ms', '2m') };
const HTTP = { ...TIMEOUT, ca_file: line().optional() };
const ADDRESS = { url: httpUrl().optional(), url_file: line().optional(), url_env: variable().optional() };
const TOKEN = { bearer_token_file: line().optional(), bearer_token_env: variable().optional() };
const ADDRESS_NAMES = ['url', 'url_file', 'url_env'];
const TOKEN_NAMES = ['bearer_token_file', 'bearer_token_env'];

const slack = z.strictObject({ kind: z.literal('slack'), ...ADDRESS, ...HTTP }).superRefine(oneOf(ADDRESS_NAMES));

const email = z
  .strictObject({
    kind: z.literal('email'),
    host: z.string().regex(/^[A-Za-z0-9.:_-]+$/, 'must be a host name or an address'),
    port: z.number().int().min(1).max(65_535).optional(),
    /** `starttls` refuses a server that cannot, `tls` speaks it from the first byte. */
    security: z.enum(['starttls', 'tls', 'none']).default('starttls'),
    ca_file: line().optional(),
    user: line().optional(),
    password_file: line().optional(),
    password_env: variable().optional(),
    from: mailAddress(),
    to: z.array(mailAddress()).min(1).max(50),
    ...TIMEOUT,
  })
  .superRefine(oneOf(['password_file', 'password_env'], true))
  .superRefine((value, context) => {
    const password = value.password_file !== undefined || value.password_env !== undefined;
    if (password !== (value.user !== undefined)) {
      context.addIssue({ code: 'custom', message: 'needs user and a password together, or neither' });
    }
    if (password && value.security === 'none') {
      context.addIssue({
        code: 'custom',
        message: 'a password is not sent without TLS; set security',
        path: ['security'],
      });
    }
  });

const pagerduty = z
  .strictObject({
    kind: z.literal('pagerduty'),
    url: httpUrl().default('https://events.pagerduty.com/v2/enqueue'),
    routing_key_file: line().optional(),
    routing_key_env: variable().optional(),
    ...HTTP,
  })
  .superRefine(oneOf(['routing_key_file', 'routing_key_env']));

const webhook = z
  .strictObject({
    kind: z.literal('webhook'),
    ...ADDRESS,
    secret_file: line().optional(),
    secret_env: variable().optional(),
    ...TOKEN,
    ...HTTP,
  })
  .superRefine(oneOf(ADDRESS_NAMES))
  .superRefine(oneOf(['secret_file', 'secret_env'], true))
  .superRefine(oneOf(TOKEN_NAMES, true));

const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;
const CHANNEL_NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/** A record's own message for a key that does not fit says nothing of why. */
const named = <Value extends z.ZodType>(pattern: RegExp, what: string, value: Value) =>
  z.record(z.string().regex(pattern), value, {
    error: (issue) => (issue.code === 'invalid_key' ? what : undefined),
  });

const alertmanager = z
  .strictObject({
    kind: z.literal('alertmanager'),
    ...ADDRESS,
    ...TOKEN,
    ...HTTP,
    /** Added to every alert, as `{ env: 'prod' }`. */
    labels: named(
      LABEL_NAME,
      'a label name has letters, digits and _, no digit first, and no __ in front',
      line(),
    ).default({}),
    /** Open alerts are told again this often; Alertmanager takes one for over five of these after the last time. */
    repost: duration('1m', '1s', '1h'),
  })
  .superRefine(oneOf(ADDRESS_NAMES))
  .superRefine(oneOf(TOKEN_NAMES, true));

/** Channels by name; a name is one word, as routes and commands spell it. */
export const alertChannelsSchema = named(
  CHANNEL_NAME,
  'a channel has a name of a-z, 0-9, - and _',
  z.discriminatedUnion('kind', [slack, email, pagerduty, webhook, alertmanager]),
);

export type AlertChannels = z.output<typeof alertChannelsSchema>;
export type ChannelSettings = AlertChannels[string];
