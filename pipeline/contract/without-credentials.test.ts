import { describe, expect, it } from 'vitest';
import { withoutCredentials } from './without-credentials.ts';

const SEED = `S${'U'}${'A'.repeat(56)}`;
const KEY = `gvk_0123456789ab_${'x'.repeat(43)}`;

describe('without credentials', () => {
  it.each([
    ['nats://user:pl4nted@host:4222', 'nats://user:***@host:4222'],
    ['nats://user:pl4nted/pl4nted@host:4222 away', 'nats://user:***@host:4222 away'],
    ['nats://user:p@pl4nted@host:4222 away', 'nats://user:***@host:4222 away'],
    ['postgres://admin:pl4nted@h:8812/qdb away', 'postgres://admin:***@h:8812/qdb away'],
    ['Authorization: Bearer pl4nted.token', 'Authorization: Bearer ***'],
    ['basic cGw0bnRlZA==', 'basic ***'],
    [`the key ${KEY} is revoked`, 'the key gvk_0123456789ab_*** is revoked'],
    ['GET /sd?token=pl4nted&x=1', 'GET /sd?token=***&x=1'],
    ['host=h password=pl4nted dbname=d', 'host=h password=*** dbname=d'],
    ['{"password":"pl4nted","port":1}', '{"password":"***","port":1}'],
    [JSON.stringify({ text: '{"api_key": "pl4nted"}' }), JSON.stringify({ text: '{"api_key": "***"}' })],
    ['https://hooks.slack.com/services/T0/B0/pl4nted', 'https://hooks.slack.com/services/***'],
    [`eyJhbGciOiJ.${'a'.repeat(20)}.pl4nted`, '***'],
    [`seed ${SEED}`, 'seed ***'],
  ])('%s', (text, shown) => expect(withoutCredentials(text)).toBe(shown));

  it.each([
    'the bearer token was refused',
    'basic settings are missing',
    'no key was given: say {"op":"auth","key"} first',
    'GET /api/v1/keys?limit=100&sort=name',
    'GPU-5f3c2a1e-0000-4000-8000-000000000000 at http://10.0.0.1:9400/metrics',
    'sort by key: values per second',
  ])('leaves %s', (text) => expect(withoutCredentials(text)).toBe(text));

  it('leaves JSON that can be read', () => {
    const line = { msg: `nats://u:pl4nted@h and Bearer pl4nted1 and ?token=pl4nted`, secret: 'pl4nted', n: 1 };
    const shown = withoutCredentials(JSON.stringify(line));
    expect(JSON.parse(shown)).toEqual({ msg: 'nats://u:***@h and Bearer *** and ?token=***', secret: '***', n: 1 });
  });

  it('leaves JSON that can be read, whatever stands in an address and behind it', () => {
    const line = {
      where: 'nats://u:"pl/4@nted"@h',
      url: 'http://h:9400/metrics',
      to: 'a@b',
      nested: '{"u":"nats://h"}',
    };
    const shown = withoutCredentials(JSON.stringify(line));
    expect(JSON.parse(shown)).toEqual({ ...line, where: 'nats://u:***@h' });
  });

  it('is quick on long texts that look like the beginning of something', () => {
    for (const piece of ['://', 'Bearer ', '"password":"', 'eyJ', '&token=', 'hooks.slack.com/services/']) {
      expect(withoutCredentials(piece.repeat(20_000)).length).toBeGreaterThan(0);
    }
  });
});
