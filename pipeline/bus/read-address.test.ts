import { expect, it } from 'vitest';
import { readAddress } from './read-address.ts';

it.each([
  ['nats://127.0.0.1:4222', { servers: ['nats://127.0.0.1:4222'] }],
  ['a:1, tls://b:2,', { servers: ['a:1', 'tls://b:2'], tls: {} }],
  [
    'tls://me:pw@h:1?ca=/a%20b.pem&cert=/c&key=/k,tls://h2',
    {
      servers: ['tls://h:1', 'tls://h2'],
      ...{ user: 'me', password: 'pw', tls: { ca_file: '/a b.pem', cert_file: '/c', key_file: '/k' } },
    },
  ],
  ['nats://h?ca=/a', { servers: ['nats://h'], tls: { ca_file: '/a' } }],
  ['h1,h2?creds=/c', { servers: ['h1', 'h2'], creds_file: '/c' }],
  ['tls://h?nkey=/n&handshake=first', { servers: ['tls://h'], nkey_file: '/n', tls: { handshake_first: true } }],
  ['nats://me:p%40ss:9@h:1,nats://h2', { servers: ['nats://h:1', 'nats://h2'], user: 'me', password: 'p@ss:9' }],
  ['h2,nats://me:p@s@h:1', { servers: ['h2', 'nats://h:1'], user: 'me', password: 'p@s' }],
  ['nats://tok%en@h', { servers: ['nats://h'], token: 'tok%en' }],
  ['nats://[::1]:4222', { servers: ['nats://[::1]:4222'] }],
])('%s', (text, expected) => {
  expect(readAddress(text)).toEqual(expected);
});

it.each(['nats://h?insecure=1', 'nats://h?handshake=last', 'nats://h?constructor=1', 'nats://h?__proto__=1'])(
  '%s is refused',
  (text) => {
    expect(() => readAddress(text)).toThrowError(expect.objectContaining({ code: 'GV-CFG-001' }));
  },
);
