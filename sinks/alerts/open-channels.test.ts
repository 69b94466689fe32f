import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { settableClock } from '../../pipeline/clock.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { failureOf, signal } from './channel-parts.fixture.ts';
import { alertChannelsSchema } from './channel-settings.ts';
import { AT, CONSOLE, notificationOf } from './notification.fixture.ts';
import { type OpenChannelsOptions, openChannels } from './open-channels.ts';
import { closeOtherSides, otherSide } from './other-side.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'alerts-open-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(closeOtherSides);

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const open = (channels: unknown, some: Partial<OpenChannelsOptions> = {}) =>
  openChannels({
    channels: alertChannelsSchema.parse(channels),
    link_base: CONSOLE,
    environment: {},
    clock: settableClock(AT),
    ...some,
  });
const problem = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof VitalsError) return error.line();
    throw error;
  }
  return 'no error';
};
const MAIL = { kind: 'email', host: 'h', from: 'a@b.example', to: ['c@d.example'] };

describe('settings of channels', () => {
  it.each<[string, unknown, string | RegExp]>([
    ['an unknown kind', { a: { kind: 'fax' } }, /a.kind|discriminator|Invalid/],
    ['a secret in plain sight', { a: { kind: 'pagerduty', routing_key: 'hunter2' } }, /routing_key/],
    ['a password in plain sight', { a: { ...MAIL, user: 'u', password: 'hunter2' } }, /password/],
    ['no address', { a: { kind: 'slack' } }, /needs one of url, url_file, url_env/],
    ['two addresses', { a: { kind: 'slack', url: 'http://h/', url_file: 'f' } }, /needs one of/],
    ['an address that is none', { a: { kind: 'slack', url: 'ftp://hunter2/' } }, /http or https address/],
    ['no key', { a: { kind: 'pagerduty' } }, /needs one of routing_key_file, routing_key_env/],
    ['two secrets', { a: { kind: 'webhook', url: 'http://h/', secret_file: 'a', secret_env: 'b' } }, /at most one of/],
    ['a password without a user', { a: { ...MAIL, password_env: 'P' } }, /user and a password together/],
    ['a password without TLS', { a: { ...MAIL, security: 'none', user: 'u', password_env: 'P' } }, /without TLS/],
    ['a sender with a line break', { a: { ...MAIL, from: 'a@b.example\r\nBcc: x@y' } }, /e-mail address|one line/],
    ['a recipient that is none', { a: { ...MAIL, to: ['nobody'] } }, /e-mail address/],
    ['nobody to write to', { a: { ...MAIL, to: [] } }, /to/],
    ['a label that is none', { a: { kind: 'alertmanager', url: 'http://h/', labels: { 'a-b': 'x' } } }, /label name/],
    ['a label of Prometheus', { a: { kind: 'alertmanager', url: 'http://h/', labels: { __x: 'x' } } }, /__/],
    [
      'a pause that is none',
      { a: { kind: 'alertmanager', url: 'http://h/', repost: 'often' } },
      /duration from 1s to 1h/,
    ],
    ['a name with blanks', { 'a b': { kind: 'slack', url: 'http://h/' } }, /name/],
  ])('refuses %s, without repeating it', (_, channels, why) => {
    const read = alertChannelsSchema.safeParse(channels);
    const said = JSON.stringify(read.error?.issues.map(({ message, path }) => `${path.join('.')}: ${message}`));
    expect(read.success).toBe(false);
    expect(said).toMatch(why);
    expect(said).not.toContain('hunter2');
  });

  it('tells all problems at once', () => {
    const read = alertChannelsSchema.safeParse({
      a: { kind: 'slack' },
      b: { kind: 'pagerduty' },
      c: { ...MAIL, to: [] },
    });
    expect(read.error?.issues.map(({ path }) => path[0])).toEqual(['a', 'b', 'c']);
  });
});

describe('opening channels', () => {
  it('opens one of each kind', () => {
    const environment = { KEY: 'k1', SECRET: 's1' };
    const channels = open(
      {
        ops: { kind: 'slack', url_file: file('slack', 'https://hooks.example/services/x\n') },
        mail: { ...MAIL, user: 'u', password_file: file('password', 'p') },
        page: { kind: 'pagerduty', routing_key_env: 'KEY' },
        desk: { kind: 'webhook', url: 'http://h/', secret_env: 'SECRET' },
        prom: { kind: 'alertmanager', url: 'http://h:9093', bearer_token_file: file('token', 't') },
      },
      { environment },
    );
    expect(channels.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      ...['ops slack', 'mail email', 'page pagerduty', 'desk webhook', 'prom alertmanager'],
    ]);
  });

  it('names every secret that cannot be read, and none of those that can', () => {
    const said = problem(() =>
      open(
        {
          a: { kind: 'slack', url_file: join(folder, 'none') },
          b: { kind: 'pagerduty', routing_key_env: 'MISSING' },
          c: { ...MAIL, user: 'u', password_file: file('empty', ' \n') },
          d: { kind: 'webhook', url: 'http://h/hunter2', secret_file: file('lines', 'hunter2\nhunter2') },
        },
        { environment: { OTHER: 'hunter2' } },
      ),
    );
    expect(said).toMatch(
      /^error GV-ALT-001: a: url: file \S+none cannot be read: ENOENT; b: routing_key: variable MISSING is not set; c: password: file \S+empty is empty; d: secret: file \S+lines has more than one line, alert-channels\. /,
    );
    expect(said).not.toContain('hunter2');
  });

  it('takes a renewed secret without a restart, and fails for a while when its file is gone', async () => {
    const [first, second] = [await otherSide(), await otherSide()];
    const address = file('moving', first.url);
    const said: string[] = [];
    const [channel] = open(
      { desk: { kind: 'webhook', url_file: address } },
      { on_answer: (name, text) => said.push(`${name}: ${text}`) },
    );
    await channel?.send(notificationOf(), signal());
    writeFileSync(address, second.url);
    await channel?.send(notificationOf(), signal());
    expect([first.asked.length, second.asked.length]).toEqual([1, 1]);
    expect(said).toEqual(['desk: HTTP 200: ok', 'desk: HTTP 200: ok']);
    rmSync(address);
    const failure = await failureOf(channel?.send(notificationOf(), signal()) ?? Promise.resolve());
    expect(failure).toMatchObject({ retryable: true, message: `file ${address} cannot be read: ENOENT` });
  });
});
