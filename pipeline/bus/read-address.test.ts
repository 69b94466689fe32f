import { expect, it } from 'vitest';
import { shownAddress } from '../contract/shown-address.ts';
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
  ['nats://me:a/b c#d@h:1', { servers: ['nats://h:1'], user: 'me', password: 'a/b c#d' }],
  ['nats://me:a\nb@h:1', { servers: ['nats://h:1'], user: 'me', password: 'a\nb' }],
  ['nats://me:a%2Cb%3Fc@h:1', { servers: ['nats://h:1'], user: 'me', password: 'a,b?c' }],
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

it.each(['nats://me:a?pl4nted@h', 'nats://me:a?pl4nted&b@h', 'nats://me:a?ca=b&pl4nted@h'])(
  'what may be the rest of a password is not told: %s',
  (text) => {
    expect(() => readAddress(text)).toThrowError(
      expect.objectContaining({ code: 'GV-CFG-001', message: expect.not.stringContaining('pl4nted') }),
    );
  },
);

/** What a password may hold when it is not written otherwise, and an address has for something else. */
const ODD = ['/', '@', '//', '#', '"', "'", '\\', ' ', '\n', '%', '[', '@h/', '/@', ':', '://', 'nats://x@'];
const PASSWORDS = ODD.flatMap((odd) => [`pl4nted${odd}`, `${odd}pl4nted`, `pl4nted${odd}pl4nted`]);

it.each(PASSWORDS)('a password that NATS takes, %j, is not shown', (password) => {
  // What follows `me:` there would make it a scheme.
  const bare = password.startsWith('//') ? [] : [`me:${password}@h:4222`];
  for (const address of [`nats://me:${password}@h:4222`, ...bare]) {
    expect(readAddress(address)).toMatchObject({ user: 'me', password });
    const lists = [address, `h0,${address}`, `nats://h0:1,${address}`, `${address},nats://h2:1`];
    expect(lists.map((list) => shownAddress(list)).filter((shown) => shown.includes('pl4nted'))).toEqual([]);
  }
});

it.each(PASSWORDS.filter((token) => !token.includes(':')))('a token that NATS takes, %j, is not shown', (token) => {
  const address = `nats://${token}@h:4222`;
  expect(readAddress(address)).toMatchObject({ token });
  for (const list of [address, `nats://h0:1,${address}`, `${address},nats://h2:1`]) {
    expect(shownAddress(list)).not.toContain('pl4nted');
  }
});
