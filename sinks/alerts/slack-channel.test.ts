import { afterEach, describe, expect, it } from 'vitest';
import type { Notification } from '../../pipeline/contract/notifications.ts';
import { failureOf, secret, signal, testParts } from './channel-parts.fixture.ts';
import { AT, HOSTILE, notificationOf, notifiedAlert } from './notification.fixture.ts';
import { closeOtherSides, otherSide } from './other-side.fixture.ts';
import { slackChannel } from './slack-channel.ts';

afterEach(closeOtherSides);

interface Block {
  readonly type: string;
  readonly text?: { readonly type: string; readonly text: string };
  readonly fields?: readonly { readonly text: string }[];
  readonly accessory?: { readonly type: string; readonly url: string; readonly text: { readonly text: string } };
  readonly elements?: readonly { readonly text?: unknown; readonly url?: string }[];
}
interface Message {
  readonly text: string;
  readonly blocks: readonly Block[];
  readonly attachments: readonly { readonly color: string; readonly blocks: readonly Block[] }[];
}

async function sent(notification: Notification, parts = testParts()): Promise<Message> {
  const slack = await otherSide();
  await slackChannel({ ...parts, address: secret(`${slack.url}/services/T0/B0/xyz`) }).send(notification, signal());
  expect(slack.asked).toHaveLength(1);
  expect(slack.asked[0]).toMatchObject({
    path: '/services/T0/B0/xyz',
    headers: { 'content-type': 'application/json; charset=utf-8' },
  });
  return slack.bodies<Message>()[0] as Message;
}

/** Block Kit's own limits. */
function expectWithinLimits({ text, blocks, attachments }: Message): void {
  expect(text.length).toBeLessThanOrEqual(40_000);
  for (const list of [blocks, ...attachments.map((one) => one.blocks)]) {
    expect(list.length).toBeLessThanOrEqual(50);
    for (const block of list) {
      const { type } = block;
      if (type === 'header') expect(block.text?.text.length).toBeLessThanOrEqual(150);
      if (type === 'section') {
        expect(block.text?.text.length).toBeGreaterThan(0);
        expect(block.text?.text.length).toBeLessThanOrEqual(3_000);
        expect(block.fields?.length ?? 1).toBeLessThanOrEqual(10);
        for (const field of block.fields ?? []) expect(field.text.length).toBeLessThanOrEqual(2_000);
      }
      if (type === 'context') expect(block.elements?.length).toBeLessThanOrEqual(10);
      if (type === 'actions') expect(block.elements?.length).toBeLessThanOrEqual(25);
      const url = block.accessory?.url ?? '';
      expect(url.length).toBeLessThanOrEqual(3_000);
    }
  }
}

describe('slack', () => {
  it('lays one alert out', async () => {
    const parts = testParts();
    const message = await sent(notificationOf(), parts);
    expectWithinLimits(message);
    expect(message.blocks).toEqual([
      { type: 'header', text: { type: 'plain_text', text: '[critical] GPU-1111 on gpu-017 is too hot', emoji: false } },
    ]);
    const [attachment] = message.attachments;
    expect(attachment?.color).toBe('#d1242f');
    expect(attachment?.blocks.map(({ type }) => type)).toEqual(['section', 'section', 'actions']);
    expect(attachment?.blocks[1]?.fields?.map(({ text }) => text)).toEqual([
      '*Where*\nGPU-1111, NVIDIA H100 80GB HBM3, node gpu-017, rack r12, cluster c1, used by train/pod-7',
      '*How bad*\ncritical (thermal)',
      '*Since*\n2026-01-05 14:03:22 +00:00 (UTC), for 12 min',
      '*What to do*\nDrain the node and look at its fans.',
    ]);
    expect(attachment?.blocks[1]?.accessory?.url).toBe('http://console.example:8080/gpus/GPU-1111');
    expect(attachment?.blocks[2]?.elements?.[0]?.url).toBe('http://console.example:8080/alerts?node=gpu-017');
    expect(parts.said).toEqual(['HTTP 200: ok']);
  });

  it('has a colour for each severity and for what is over, and marks simulated fleets', async () => {
    const colour = async (some: Partial<Notification>) => (await sent(notificationOf(some))).attachments[0]?.color;
    expect(await colour({ severity: 'warning' })).toBe('#bf8700');
    expect(await colour({ severity: 'info' })).toBe('#0969da');
    expect(await colour({ status: 'resolved', reason: 'closed' })).toBe('#1a7f37');
    expect(JSON.stringify(await sent(notificationOf({ simulated: true })))).toContain('no real fleet');
  });

  it('stays within the limits, and escapes, whatever comes', async () => {
    const worst = HOSTILE.repeat(40).slice(0, 3_900);
    const alert = notifiedAlert({ summary: worst, action_text: worst, node: worst, job: worst, model: worst });
    const message = await sent(
      notificationOf({
        ...{ title: `&<>${'&'.repeat(400)}`, more: 9, simulated: true },
        alerts: Array.from({ length: 60 }, (_, i) => ({ ...alert, id: `a${i}` })),
      }),
    );
    expectWithinLimits(message);
    const texts = JSON.stringify(message);
    expect(texts).not.toMatch(/[<>]/);
    expect(texts.replace(/&(amp|lt|gt);/g, '')).not.toContain('&');
    expect(message.blocks[0]?.text?.text).toMatch(/(&amp;)+…$/);
  });

  it('leaves the button out without an address of the console', async () => {
    const message = await sent(notificationOf(), testParts({ link_base: '' }));
    expect(JSON.stringify(message)).not.toContain('"url"');
  });

  it.each<[number, Record<string, string>, string, boolean, number | null]>([
    [400, {}, 'invalid_payload', false, null],
    [403, {}, 'action_prohibited', false, null],
    [404, {}, 'no_service', false, null],
    [410, {}, 'channel_is_archived', false, null],
    [302, { location: 'http://elsewhere.example/' }, '', false, null],
    [429, { 'retry-after': '30' }, 'rate limited', true, 30_000],
    [429, { 'retry-after': new Date(AT + 90_000).toUTCString() }, '', true, 90_000],
    [429, { 'retry-after': '999999' }, '', true, 3_600_000],
    [429, { 'retry-after': 'soon' }, '', true, null],
    [503, { 'retry-after': '0' }, '', true, 0],
    [500, {}, 'rollup_error', true, null],
    [408, {}, '', true, null],
  ])('reads HTTP %i %o %s', async (status, headers, body, retryable, retry_after_ms) => {
    const slack = await otherSide({ status, headers, body });
    const channel = slackChannel({ ...testParts(), address: secret(`${slack.url}/services/T0/B0/hunter2hunter2`) });
    const failure = await failureOf(channel.send(notificationOf(), signal()));
    expect(failure).toMatchObject({ retryable, retry_after_ms });
    expect(failure.message).toBe(
      `${slack.host} answers HTTP ${status}${body === '' ? '' : `: ${body}`}${status === 302 ? '; redirects are not followed' : ''}`,
    );
    expect(slack.asked).toHaveLength(1);
  });

  it('does not take a page in between for Slack', async () => {
    const portal = await otherSide({ status: 200, body: '\n<html>sign in</html>' });
    const channel = slackChannel({ ...testParts(), address: secret(portal.url) });
    expect(await failureOf(channel.send(notificationOf(), signal()))).toMatchObject({ retryable: true });
  });
});
