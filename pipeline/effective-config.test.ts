import { describe, expect, it } from 'vitest';
import { CONFIG_KEYS, type Config, type ConfigKey, configSchema } from './config-schema.ts';
import { effectiveConfig } from './effective-config.ts';

const origins = Object.fromEntries(CONFIG_KEYS.map((key) => [key, 'default'])) as Record<ConfigKey, string>;
const shown = (given: Record<string, unknown>) =>
  new Map(
    effectiveConfig({ values: { ...configSchema.parse({}), ...given } as Config, origins }).map((one) => [
      one.option,
      one,
    ]),
  );

describe('effective configuration', () => {
  it('has every option with its section, its help and where it comes from', () => {
    const options = effectiveConfig({
      values: configSchema.parse({ interval: '5s' }),
      origins: { ...origins, interval: '--interval' },
    });
    expect(options.map(({ option }) => option)).toEqual(CONFIG_KEYS);
    expect(options.find(({ option }) => option === 'interval')).toMatchObject({
      value: '5s',
      origin: '--interval',
      section: 'Fleet',
      help: expect.stringContaining('scrapes'),
    });
    for (const { help, section } of options) expect([help, section]).not.toContain('');
  });

  it.each<[option: string, given: unknown, expected: unknown]>([
    ['nats', 'nats://me:hunter2@10.0.0.1:4222', 'nats://me:***@10.0.0.1:4222'],
    ['nats', 'hunter2@10.0.0.1', '***@10.0.0.1'],
    ['questdb-pg', 'postgres://a:hunter2@h/qdb', 'postgres://a:***@h/qdb'],
    ['targets-url', 'http://h/sd?token=hunter2&x=1', 'http://h/sd?token=***&x=***'],
    ['targets', ['a:1', 'http://u:hunter2@b:2'], ['a:1', 'http://u:***@b:2']],
    [
      'target-access',
      [{ match: '*', bearer_token: 'hunter2', key_file: '/k.pem' }],
      [{ match: '*', bearer_token: '***', key_file: '/k.pem' }],
    ],
    [
      'detectors',
      { pager: { kind: 'slack', url: 'https://hooks.example/services/T/hunter2', url_file: '/u' } },
      { pager: { kind: 'slack', url: 'https://hooks.example/***', url_file: '/u' } },
    ],
    ['targets-url-bearer-token-file', '/run/token', '/run/token'],
  ])('shows %s without its secrets', (option, given, expected) => {
    const found = shown({ [option]: given }).get(option as ConfigKey);
    expect(found?.value).toEqual(expected);
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });
});
