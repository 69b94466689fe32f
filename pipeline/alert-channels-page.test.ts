import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { alertChannelsPage, CHANNEL_EXAMPLES, SIGNATURE_EXAMPLE } from './alert-channels-page.ts';
import { configSchema } from './config-schema.ts';

describe('the page of alert channels', () => {
  it.each(CHANNEL_EXAMPLES)('has an example for $kind that is valid', ({ kind, yaml }) => {
    const read = configSchema.parse(parse(yaml))['alert-channels'];
    expect(Object.values(read).map((one) => one.kind)).toEqual([kind]);
    expect(alertChannelsPage()).toContain(yaml.trimEnd());
  });

  it('has every kind', () => {
    expect(CHANNEL_EXAMPLES.map(({ kind }) => kind)).toEqual([
      'slack',
      'email',
      'pagerduty',
      'webhook',
      'alertmanager',
    ]);
  });

  it('verifies a signature with the code that it shows', async () => {
    const { isGenuine } = (await import(
      `data:text/javascript;base64,${Buffer.from(SIGNATURE_EXAMPLE).toString('base64')}`
    )) as { isGenuine: (header: string, body: string, secret: string, now_s: number) => boolean };
    const v1 = createHmac('sha256', 's').update('1000.{"a":1}').digest('hex');
    expect(isGenuine(`t=1000,v1=${v1}`, '{"a":1}', 's', 1_200)).toBe(true);
    expect(isGenuine(`t=1000,v1=${v1}`, '{"a":2}', 's', 1_200)).toBe(false);
    expect(isGenuine(`t=1000,v1=${v1}`, '{"a":1}', 's', 1_301)).toBe(false);
    expect(isGenuine('v1=', '{"a":1}', 's', 1_200)).toBe(false);
    expect(alertChannelsPage()).toContain(SIGNATURE_EXAMPLE.trimEnd());
  });
});
