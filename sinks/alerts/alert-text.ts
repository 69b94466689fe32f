import type { Notification, NotifiedAlert } from '../../pipeline/contract/notifications.ts';

/** What a message says, in plain words and plain text: every channel lays out these same sentences, escaped in its own way. */
export interface NotificationText {
  /** `[critical] ...`, at most 150 characters: a subject, a header. */
  readonly headline: string;
  /** Why it comes, how many and where: one or two sentences. */
  readonly overview: string;
  readonly alerts: readonly AlertText[];
  /** What is not listed; empty when all is. */
  readonly more: string;
  /** Empty when no address for links is configured. */
  readonly link: string;
  /** That the figures are no real ones; empty when they are. */
  readonly simulated: string;
}

/** One alert: the same facts everywhere. Empty ones are left out. */
interface AlertText {
  readonly id: string;
  readonly what: string;
  readonly where: string;
  readonly how_bad: string;
  readonly since: string;
  /** How it stands now; empty where the message has nothing newer than what it says. */
  readonly now: string;
  readonly what_to_do: string;
  readonly link: string;
}

const HEADLINE_CHARS_MAX = 150;
const SENTENCE_CHARS_MAX = 600;

const REASONS = {
  opened: 'New.',
  escalated: 'It got worse.',
  closed: 'It is over.',
  repeated: 'It still lasts.',
  unacknowledged: 'Nobody has taken notice of it yet.',
  test: 'This is a test; nothing is wrong.',
} as const satisfies Record<Notification['reason'], string>;

const ACTIONS = {
  none: 'Nothing to do.',
  restart_application: 'Restart the application.',
  reset_gpu: 'Reset the GPU.',
  reboot_node: 'Reboot the node.',
  drain_and_reset: 'Drain the node and reset the GPU.',
  replace_gpu: 'Have the GPU replaced.',
} as const satisfies Record<NotifiedAlert['action'], string>;

/**
 * A notification in words. `link_base` is the console's address: links that lead elsewhere are left out, whatever put them
 * there. Texts come from telemetry, so line breaks, control characters and marks that turn the writing direction are gone.
 */
export function notificationText(notification: Notification, link_base: string): NotificationText {
  const { alerts, at, more } = notification;
  const word =
    notification.reason === 'test' ? 'test' : notification.status === 'resolved' ? 'closed' : notification.severity;
  return {
    headline: plainLine(`[${word}] ${notification.title}`, HEADLINE_CHARS_MAX),
    overview: plainLine(`${REASONS[notification.reason]} ${overviewOf(notification)}`.trim(), SENTENCE_CHARS_MAX),
    alerts: alerts.map((alert) => alertText(alert, at, link_base)),
    more: more > 0 ? `And ${counted(more, 'more alert')} that ${more === 1 ? 'is' : 'are'} not listed here.` : '',
    link: trustedLink(notification.link, link_base),
    simulated: notification.simulated ? 'Simulated: these figures are of no real fleet.' : '',
  };
}

function alertText(alert: NotifiedAlert, at: number, link_base: string): AlertText {
  const taken = alert.acknowledged_by === '' ? '' : `, taken by ${alert.acknowledged_by}`;
  const instance = alert.instance === '' ? '' : ` instance ${alert.instance}`;
  const places = [
    alert.gpu_uuid === '' ? '' : `${alert.gpu_uuid}${instance}`,
    alert.model,
    alert.node === '' ? '' : `node ${alert.node}`,
    alert.rack === '' ? '' : `rack ${alert.rack}`,
    alert.cluster === '' ? '' : `cluster ${alert.cluster}`,
    alert.job === '' ? '' : `used by ${alert.job}`,
  ];
  const ended = alert.state === 'closed' && alert.closed_at !== null;
  return {
    id: alert.id,
    what: plainLine(alert.summary, SENTENCE_CHARS_MAX),
    where: plainLine(places.filter((place) => place !== '').join(', '), SENTENCE_CHARS_MAX),
    how_bad: plainLine(
      `${alert.state === 'closed' ? 'over, was ' : ''}${alert.severity} (${alert.category})${taken}`,
      SENTENCE_CHARS_MAX,
    ),
    since: ended
      ? `${instantText(alert.opened_at)} until ${instantText(alert.closed_at ?? 0)}, ${spanText((alert.closed_at ?? 0) - alert.opened_at)}`
      : `${instantText(alert.opened_at)}, for ${spanText(at - alert.opened_at)}`,
    now: plainLine(alert.newest ?? '', SENTENCE_CHARS_MAX),
    what_to_do: plainLine(alert.action_text || ACTIONS[alert.action], SENTENCE_CHARS_MAX),
    link: trustedLink(alert.link, link_base),
  };
}

/** `12 GPUs on node gpu-017: 3 critical, 9 warning; 2 are over.` One alert needs no summary: its own sentence says it all. */
function overviewOf({ alerts, more, group }: Notification): string {
  if (alerts.length <= 1 && more === 0) return '';
  const open = alerts.filter(({ state }) => state === 'open');
  const told = open.length > 0 ? open : alerts;
  const gpus = new Set(told.flatMap((alert) => alert.gpus ?? [alert.gpu_uuid]).filter((uuid) => uuid !== '')).size;
  const nodes = [...new Set(told.map(({ node }) => node).filter((node) => node !== ''))];
  const common = Object.entries(group).map(([key, value]) => `${key} ${value}`);
  const place =
    nodes.length === 1 ? `on node ${nodes[0]}` : nodes.length > 1 ? `on ${counted(nodes.length, 'node')}` : '';
  const elsewhere = common.filter((text) => text !== `node ${nodes[0]}`).join(', ');
  const subject = gpus > 0 ? counted(gpus, 'GPU') : counted(told.length, 'alert');
  const severities = (['critical', 'warning', 'info'] as const)
    .map((severity) => ({ severity, n: open.filter((alert) => alert.severity === severity).length }))
    .filter(({ n }) => n > 0)
    .map(({ severity, n }) => `${n} ${severity}`);
  const closed = alerts.length - open.length;
  const over = closed === 0 ? '' : `${closed} ${closed === 1 ? 'is' : 'are'} over`;
  const at_least = more > 0 ? 'At least ' : '';
  const where = [place, elsewhere === '' ? '' : `(${elsewhere})`].filter((text) => text !== '').join(' ');
  return `${at_least}${subject} ${where}: ${[severities.join(', '), over].filter((text) => text !== '').join('; ')}.`.replace(
    / :/,
    ':',
  );
}

const counted = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

/** `2026-01-05 14:03:22 +00:00 (UTC)`. */
export const instantText = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} +00:00 (UTC)`;

/** The two largest units: `3 d 4 h`, `12 min`, `0 s`. */
function spanText(ms: number): string {
  const total_s = Math.max(0, Math.round(ms / 1_000));
  const units: readonly (readonly [number, string])[] = [
    [Math.floor(total_s / 86_400), 'd'],
    [Math.floor(total_s / 3_600) % 24, 'h'],
    [Math.floor(total_s / 60) % 60, 'min'],
    [total_s % 60, 's'],
  ];
  const first = units.findIndex(([n]) => n > 0);
  if (first < 0) return '0 s';
  return units
    .slice(first, first + 2)
    .filter(([n]) => n > 0)
    .map(([n, unit]) => `${n} ${unit}`)
    .join(' ');
}

/** One line of text without anything that a reader cannot see, cut at a whole character. */
export function plainLine(text: string, chars_max: number): string {
  const line = text
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(/[\s\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/g, ' ')
    .trim();
  if (line.length <= chars_max) return line;
  return `${line.slice(0, chars_max - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** The link when it leads to the console, else empty. */
function trustedLink(link: string, base: string): string {
  if (link === '' || base === '' || !URL.canParse(link) || !URL.canParse(base)) return '';
  const [to, home] = [new URL(link), new URL(base)];
  const below = to.pathname.startsWith(home.pathname.replace(/\/?$/, '/')) || to.pathname === home.pathname;
  const plain = /^https?:$/.test(to.protocol) && to.username === '' && to.password === '';
  return plain && to.origin === home.origin && below && to.href.length <= 2_000 ? to.href : '';
}
