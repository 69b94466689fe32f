import { describe, expect, it } from 'vitest';
import { allowOrigin } from '../../server/allow-origin.ts';
import { liveUrlFor } from '../../server/live-url.ts';
import { configSchema } from '../config-schema.ts';
import { liveOrigins } from './live-origins.ts';

const HERE = { api: '127.0.0.1:8080' };
const OUTSIDE = {
  ...HERE,
  'alert-link': 'https://gpus.example.com/console',
  'live-url': 'wss://live.example.com/live',
};

describe('who may open the live socket', () => {
  it.each([
    [HERE, 'http://127.0.0.1:8080', '127.0.0.1:8081', true],
    [HERE, 'https://localhost:8080', 'localhost:8081', true],
    [HERE, 'https://gpus.example.com', 'gpus.example.com', false],
    [OUTSIDE, 'https://gpus.example.com', 'live.example.com', true],
    [OUTSIDE, 'https://live.example.com', '127.0.0.1:8081', true],
    [OUTSIDE, 'http://gpus.example.com', '127.0.0.1:8081', false],
    [OUTSIDE, 'https://gpus.example.com.evil.example', '127.0.0.1:8081', false],
  ])('with %j a page of %s, asking for %s: %s', (given, origin, host, allowed) => {
    const origins = liveOrigins(configSchema.parse(given));
    expect(allowOrigin({ host: '127.0.0.1', origins })({ origin, host })).toBe(allowed);
  });

  it.each(['http://example.com', 'live.example.com', 'javascript:alert(1)'])('%s is no address of it', (url) => {
    expect(configSchema.safeParse({ 'live-url': url }).success).toBe(false);
  });

  it('is told where it is: as configured, else where it listens, by the name that was asked', () => {
    expect(liveUrlFor('wss://live.example.com/live', 'http://10.0.0.1:8080/')).toBe('wss://live.example.com/live');
    expect(liveUrlFor('ws://0.0.0.0:8081/live', 'http://10.0.0.1:8080/')).toBe('ws://10.0.0.1:8081/live');
  });
});
