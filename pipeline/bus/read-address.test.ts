import { expect, it } from 'vitest';
import { readAddress } from './read-address.ts';

it.each([
  ['nats://127.0.0.1:4222', { servers: ['nats://127.0.0.1:4222'] }],
  ['a:1, tls://b:2,', { servers: ['a:1', 'tls://b:2'] }],
  ['nats://me:p%40ss:9@h:1,nats://h2', { servers: ['nats://h:1', 'nats://h2'], user: 'me', password: 'p@ss:9' }],
  ['h2,nats://me:p@s@h:1', { servers: ['h2', 'nats://h:1'], user: 'me', password: 'p@s' }],
  ['nats://tok%en@h', { servers: ['nats://h'], token: 'tok%en' }],
  ['nats://[::1]:4222', { servers: ['nats://[::1]:4222'] }],
])('%s', (text, expected) => {
  expect(readAddress(text)).toEqual(expected);
});
