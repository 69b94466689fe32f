import { describe, expect, it } from 'vitest';
import { notificationText } from './alert-text.ts';
import { AT, CONSOLE, HOSTILE, notificationOf, notifiedAlert, OPENED_AT } from './notification.fixture.ts';

const text = (some: Parameters<typeof notificationOf>[0] = {}, base = CONSOLE) =>
  notificationText(notificationOf(some), base);

describe('what a message says', () => {
  it('says what, where, how bad, since when, what to do, and where to look', () => {
    expect(text()).toEqual({
      headline: '[critical] GPU-1111 on gpu-017 is too hot',
      overview: 'New.',
      alerts: [
        {
          id: 'a1',
          what: 'GPU-1111 on gpu-017 is at 96 C, 9 C over its limit, since 14:03.',
          where: 'GPU-1111, NVIDIA H100 80GB HBM3, node gpu-017, rack r12, cluster c1, used by train/pod-7',
          how_bad: 'critical (thermal)',
          since: '2026-01-05 14:03:22 +00:00 (UTC), for 12 min',
          now: '',
          what_to_do: 'Drain the node and look at its fans.',
          link: 'http://console.example:8080/gpus/GPU-1111',
        },
      ],
      more: '',
      link: 'http://console.example:8080/alerts?node=gpu-017',
      simulated: '',
    });
  });

  it('says how long something lasted that is over, who has it, and falls back to the action', () => {
    const closed = notifiedAlert({
      ...{ state: 'closed', closed_at: OPENED_AT + 93_784_000, action_text: '', instance: '3' },
      acknowledged_by: 'mia',
    });
    const [said] = text({ status: 'resolved', reason: 'closed', alerts: [closed] }).alerts;
    expect(said).toMatchObject({
      how_bad: 'over, was critical (thermal), taken by mia',
      since: '2026-01-05 14:03:22 +00:00 (UTC) until 2026-01-06 16:06:26 +00:00 (UTC), 1 d 2 h',
      what_to_do: 'Drain the node and reset the GPU.',
    });
    expect(said?.where).toMatch(/^GPU-1111 instance 3,/);
    expect(text({ status: 'resolved', reason: 'closed', alerts: [closed] }).headline).toMatch(/^\[closed\] /);
  });

  it('says how it stands now, where that is known', () => {
    const [said] = text({
      reason: 'repeated',
      alerts: [notifiedAlert({ newest: 'gpu_temp_celsius 97 C\nat noon' })],
    }).alerts;
    expect(said?.now).toBe('gpu_temp_celsius 97 C at noon');
  });

  const many = (n: number, some: Parameters<typeof notifiedAlert>[0] = {}) =>
    Array.from({ length: n }, (_, i) => notifiedAlert({ id: `${some?.state}${i}`, gpu_uuid: `GPU-${i}`, ...some }));

  it.each<[string, Parameters<typeof notificationOf>[0], string]>([
    [
      'many of one node',
      { alerts: [...many(3), ...many(9, { severity: 'warning' }).map((a, i) => ({ ...a, gpu_uuid: `GPU-w${i}` }))] },
      'New. 12 GPUs on node gpu-017: 3 critical, 9 warning.',
    ],
    [
      'several of one GPU, of which one is over',
      { alerts: [...many(2, { gpu_uuid: 'GPU-1' }), ...many(1, { state: 'closed', closed_at: AT })] },
      'New. 1 GPU on node gpu-017: 2 critical; 1 is over.',
    ],
    [
      'several nodes of a rack, with more that are not listed',
      { group: { rack: 'r12' }, more: 30, alerts: many(4).map((a, i) => ({ ...a, node: `n${i % 2}` })) },
      'New. At least 4 GPUs on 2 nodes (rack r12): 4 critical.',
    ],
    [
      'all over',
      { reason: 'closed', status: 'resolved', alerts: many(3, { state: 'closed', closed_at: AT }) },
      'It is over. 3 GPUs on node gpu-017: 3 are over.',
    ],
    [
      'an incident that covers GPUs, and a node',
      {
        alerts: [notifiedAlert({ gpu_uuid: '', gpus: ['a', 'b', 'c'] }), notifiedAlert({ id: 'b', gpu_uuid: 'c' })],
      },
      'New. 3 GPUs on node gpu-017: 2 critical.',
    ],
    [
      'what is about no GPU at all',
      { group: {}, alerts: many(2, { gpu_uuid: '', node: '' }) },
      'New. 2 alerts: 2 critical.',
    ],
  ])('sums up %s', (_, some, overview) => {
    expect(text(some).overview).toBe(overview);
  });

  it.each<[Parameters<typeof notificationOf>[0], RegExp]>([
    [{ reason: 'escalated' }, /^It got worse\./],
    [{ reason: 'repeated' }, /^It still lasts\./],
    [{ reason: 'unacknowledged' }, /^Nobody has taken notice/],
    [{ reason: 'test' }, /^This is a test/],
  ])('says why it comes: %o', (some, why) => {
    expect(text(some).overview).toMatch(why);
  });

  it('says that a fleet is simulated, and what is not listed', () => {
    expect(text({ simulated: true }).simulated).toBe('Simulated: these figures are of no real fleet.');
    expect(text({ more: 1 }).more).toBe('And 1 more alert that is not listed here.');
    expect(text({ more: 7 }).more).toBe('And 7 more alerts that are not listed here.');
  });

  it('has one line of visible characters whatever comes', () => {
    const said = text({ title: HOSTILE.repeat(20), alerts: [notifiedAlert({ summary: HOSTILE, node: HOSTILE })] });
    for (const line of [said.headline, said.overview, said.alerts[0]?.what, said.alerts[0]?.where]) {
      expect(line).not.toMatch(/[\u0000-\u001f\u007f\u202a-\u202e]|\p{Surrogate}/u);
    }
    expect(said.headline.length).toBeLessThanOrEqual(150);
    expect(text({ title: '😀'.repeat(200) }).headline).not.toMatch(/\p{Surrogate}/u);
  });

  it.each([
    ['http://evil.example/gpus/GPU-1', CONSOLE],
    ['http://console.example:8080@evil.example/', CONSOLE],
    ['https://console.example:8080/gpus', CONSOLE],
    ['http://console.example:8080/other', 'http://console.example:8080/vitals'],
    ['http://console.example:8080/vitals/../x', 'http://console.example:8080/vitals'],
    ['javascript:alert(1)', CONSOLE],
    ['http://u:p@console.example:8080/', CONSOLE],
    [`${CONSOLE}${'x'.repeat(2_100)}`, CONSOLE],
    [CONSOLE, ''],
    ['no link', CONSOLE],
  ])('leaves out a link that does not lead to the console: %s', (link, base) => {
    expect(text({ link, alerts: [notifiedAlert({ link })] }, base)).toMatchObject({ link: '', alerts: [{ link: '' }] });
  });

  it('keeps a link below the console', () => {
    expect(text({ link: 'http://console.example:8080/vitals/gpus/1' }, 'http://console.example:8080/vitals').link).toBe(
      'http://console.example:8080/vitals/gpus/1',
    );
  });
});
