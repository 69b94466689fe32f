import type { Channel, Notification } from '../../pipeline/contract/notifications.ts';
import { ChannelFailure } from '../../pipeline/contract/notifications.ts';
import { type NotificationText, notificationText } from './alert-text.ts';
import type { ChannelParts } from './channel-parts.ts';
import { httpPost } from './http-post.ts';
import type { SecretSource } from './secret-source.ts';

/** Limits of Block Kit, in characters as they are sent, and blocks. */
const HEADER_CHARS_MAX = 150;
const SECTION_CHARS_MAX = 3_000;
const FIELD_CHARS_MAX = 2_000;
const BLOCKS_MAX = 50;
const COLOURS = { critical: '#d1242f', warning: '#bf8700', info: '#0969da', closed: '#1a7f37' } as const;

/**
 * Slack through an incoming webhook (or anything that takes its messages). One message a notification: a header, and under the
 * colour of its severity the overview, one section an alert and a button to the console. An incoming webhook has no key against
 * doubles and cannot be asked what it has: at least once. A message whose answer was lost, or whose process ended before it had
 * noted the answer, comes twice.
 */
export function slackChannel(parts: ChannelParts & { readonly address: SecretSource }): Channel {
  return {
    name: parts.name,
    kind: 'slack',
    async send(notification, signal) {
      const url = parts.address.read();
      const text = notificationText(notification, parts.link_base);
      const taken = await httpPost({ url, body: JSON.stringify(slackMessage(notification, text)), signal }, parts);
      // Slack says `ok`; a page is of something that stands between.
      if (taken.text.trimStart().startsWith('<')) {
        throw new ChannelFailure(`${new URL(url).host} answers with a page instead of taking the message`, {
          retryable: true,
        });
      }
      parts.on_answer(taken.said);
    },
    close: async () => undefined,
  };
}

function slackMessage(notification: Notification, text: NotificationText): object {
  const colour = notification.status === 'resolved' ? COLOURS.closed : COLOURS[notification.severity];
  const notes = [text.more, text.simulated].filter((note) => note !== '');
  const tail = [
    ...(notes.length === 0
      ? []
      : [{ type: 'context', elements: notes.map((note) => mrkdwn(escaped(note, FIELD_CHARS_MAX))) }]),
    ...(text.link === '' ? [] : [{ type: 'actions', elements: [button('Open the console', text.link)] }]),
  ];
  const alerts = text.alerts.slice(0, BLOCKS_MAX - tail.length - 1).map((alert) => {
    const facts: readonly (readonly [string, string])[] = [
      ['Where', alert.where],
      ['How bad', alert.how_bad],
      ['Since', alert.since],
      ['Now', alert.now],
      ['What to do', alert.what_to_do],
    ];
    return {
      type: 'section',
      text: mrkdwn(escaped(alert.what || '-', SECTION_CHARS_MAX)),
      fields: facts
        .filter(([, fact]) => fact !== '')
        .map(([label, fact]) => mrkdwn(`*${label}*\n${escaped(fact, FIELD_CHARS_MAX - 20)}`)),
      ...(alert.link !== '' && { accessory: button('Details', alert.link) }),
    };
  });
  const overview = { type: 'section', text: mrkdwn(escaped(text.overview, SECTION_CHARS_MAX)) };
  return {
    text: escaped(text.headline, SECTION_CHARS_MAX),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: escaped(text.headline, HEADER_CHARS_MAX), emoji: false } },
    ],
    attachments: [{ color: colour, blocks: [overview, ...alerts, ...tail] }],
  };
}

const mrkdwn = (text: string): object => ({ type: 'mrkdwn', text, verbatim: true });
const button = (label: string, url: string): object => ({
  type: 'button',
  text: { type: 'plain_text', text: label, emoji: false },
  url,
});

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Escaped as Slack asks, and cut between two characters, never within an entity. */
function escaped(text: string, chars_max: number): string {
  let out = '';
  for (const character of text) {
    const piece = ENTITIES[character] ?? character;
    if (out.length + piece.length > chars_max - 1) return `${out}…`;
    out += piece;
  }
  return out;
}
