import { describe, expect, it } from 'vitest';
import type { BusMessage } from '../../pipeline/contract/bus.ts';
import { OUTBOX_RETRY_SUBJECT } from '../../pipeline/contract/notifications.ts';
import { acceptRetries } from './accept-retries.ts';
import { message, type PlayedChannel, playedDelivery } from './delivery.fixture.ts';
import { notifiedAlert } from './notification.fixture.ts';

function listening(active = true, over: readonly string[] = []) {
  const played = playedDelivery(['ops']);
  const answers: unknown[] = [];
  let ask: (message: BusMessage) => void = () => undefined;
  acceptRetries({
    bus: {
      subscribe(subject, handler) {
        expect(subject).toBe(OUTBOX_RETRY_SUBJECT);
        ask = handler;
        return { unsubscribe: () => undefined };
      },
      publish: ({ subject, data }) => answers.push([subject, JSON.parse(Buffer.from(data).toString('utf8'))]),
    },
    delivery: played.delivery,
    active: () => active,
    over: (id) => over.includes(id),
  });
  const asked = (body: unknown, reply = 'inbox') => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    ask({ subject: OUTBOX_RETRY_SUBJECT, data: Buffer.from(text), headers: {}, reply });
  };
  return { ...played, answers, asked };
}

describe('requests to send again', () => {
  it('hands what was given up back, and answers', async () => {
    const { asked, answers, timers, channels } = listening();
    const [ops] = channels as [PlayedChannel];
    const lost = message(1, { alerts: [notifiedAlert({ gpus: ['a', 'b'] })] });
    asked({ channel: 'ops', notification: lost });
    await timers.advance(0);
    expect(answers).toEqual([['inbox', { state: 'sent' }]]);
    expect(ops.taken).toEqual([lost]);
    asked({ channel: 'old', notification: lost });
    expect(answers[1]).toEqual(['inbox', { state: 'refused', reason: 'there is no channel old' }]);
  });

  it('does not say that something goes on that has ended since, whichever process told of the end', async () => {
    const [gone, lasting, closed] = [
      notifiedAlert({ id: 'gone' }),
      notifiedAlert({ id: 'lasting' }),
      notifiedAlert({ id: 'gone-2', state: 'closed', closed_at: notifiedAlert().opened_at }),
    ];
    const { asked, answers, channels, timers } = listening(true, ['gone', 'gone-2']);
    asked({ channel: 'ops', notification: message(1, { alerts: [gone] }) });
    asked({ channel: 'ops', notification: message(2, { alerts: [gone, lasting, closed] }) });
    await timers.advance(0);
    expect(answers.map((one) => (one as unknown[])[1])).toEqual([{ state: 'outdated' }, { state: 'sent' }]);
    expect(channels[0]?.taken.map(({ alerts }) => alerts.map(({ id }) => id))).toEqual([['lasting', 'gone-2']]);
  });

  it.each<[string, unknown, RegExp]>([
    ['no JSON', '{', /not JSON/],
    ['nothing', 'null', /expected object/i],
    ['no message', { channel: 'ops' }, /notification/],
    [
      'an unknown reason',
      { channel: 'ops', notification: { ...message(1), reason: 'because' } },
      /notification.reason/,
    ],
    [
      'an alert that is over and open',
      { channel: 'ops', notification: message(1, { alerts: [notifiedAlert({ closed_at: 5 })] }) },
      /closed_at does not fit/,
    ],
    ['an instant that is none', { channel: 'ops', notification: message(1, { at: Number.NaN }) }, /notification.at/],
    ['too many', { channel: 'ops', notification: message(1, { alerts: Array(101).fill(notifiedAlert()) }) }, /alerts/],
    ['a prototype', '{"channel":"ops","__proto__":{},"notification":{}}', /notification/],
  ])('refuses %s', async (_, body, why) => {
    const { asked, answers, channels, timers } = listening();
    asked(body);
    await timers.advance(0);
    expect(answers).toEqual([['inbox', { state: 'refused', reason: expect.stringMatching(why) }]]);
    expect(channels[0]?.tries).toEqual([]);
  });

  it('leaves it to another process that delivers, and to nobody who asks for no answer', () => {
    const { asked, answers } = listening(false);
    asked({ channel: 'ops', notification: message(1) });
    const quiet = listening();
    quiet.asked({ channel: 'ops', notification: message(1) }, '');
    expect([answers, quiet.answers, quiet.delivery.waiting]).toEqual([[], [], 0]);
  });
});
