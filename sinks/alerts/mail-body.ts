import type { Notification } from '../../pipeline/contract/notifications.ts';
import type { NotificationText } from './alert-text.ts';

const COLOURS = { critical: '#d1242f', warning: '#9a6700', info: '#0969da', closed: '#1a7f37' } as const;

const FACTS = [
  ['Where', 'where'],
  ['How bad', 'how_bad'],
  ['Since', 'since'],
  ['Now', 'now'],
  ['What to do', 'what_to_do'],
  ['Link', 'link'],
] as const;

/** The part of a mail for readers without HTML. */
export function mailPlain(text: NotificationText): string {
  const alerts = text.alerts.flatMap((alert) => [
    '',
    alert.what,
    ...FACTS.filter(([, key]) => alert[key] !== '').map(([label, key]) => `  ${`${label}:`.padEnd(12)}${alert[key]}`),
  ]);
  const tail = [text.more, text.link === '' ? '' : `Console: ${text.link}`, text.simulated].filter(
    (line) => line !== '',
  );
  return [text.headline, '', text.overview, ...alerts, ...(tail.length > 0 ? ['', ...tail] : []), ''].join('\n');
}

/** The same as HTML: no image, no script, nothing from elsewhere; styles stand in the elements, as mail readers want it. */
export function mailHtml(text: NotificationText, notification: Pick<Notification, 'status' | 'severity'>): string {
  const colour = notification.status === 'resolved' ? COLOURS.closed : COLOURS[notification.severity];
  const alerts = text.alerts.map((alert) => {
    const facts = FACTS.filter(([, key]) => alert[key] !== '').map(
      ([label, key]) =>
        `<tr><td style="padding:2px 12px 2px 0;color:#57606a;white-space:nowrap;vertical-align:top">${label}</td><td style="padding:2px 0">${key === 'link' ? anchor(alert.link) : html(alert[key])}</td></tr>`,
    );
    return `<div style="margin:16px 0;padding-left:12px;border-left:4px solid ${colour}"><p style="margin:0 0 6px"><strong>${html(alert.what)}</strong></p><table style="border-collapse:collapse;font-size:14px">${facts.join('')}</table></div>`;
  });
  const notes = [text.more, text.simulated].filter((note) => note !== '');
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title></title></head>',
    '<body style="font-family:system-ui,sans-serif;font-size:15px;color:#1f2328;max-width:720px">',
    `<h2 style="font-size:18px;color:${colour};margin:0 0 8px">${html(text.headline)}</h2>`,
    `<p style="margin:0">${html(text.overview)}</p>`,
    ...alerts,
    ...notes.map((note) => `<p style="color:#57606a">${html(note)}</p>`),
    text.link === '' ? '' : `<p>Console: ${anchor(text.link)}</p>`,
    '</body></html>',
  ].join('\n');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const html = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
const anchor = (link: string): string => `<a href="${html(link)}">${html(link)}</a>`;
