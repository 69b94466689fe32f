import { expect, it } from 'vitest';
import { shownAddress, shownAddresses } from './shown-address.ts';

it.each([
  ['nats://127.0.0.1:4222', 'nats://127.0.0.1:4222'],
  ['nats://me:secret@host:4222', 'nats://me:***@host:4222'],
  ['nats://token@host', 'nats://***@host'],
  ['nats://a:s1@h1,nats://h2,nats://s2@h3', 'nats://a:***@h1,nats://h2,nats://***@h3'],
  ['postgres://u:p%40ss:word@h:8812/qdb', 'postgres://u:***@h:8812/qdb'],
  ['http://:secret@h', 'http://:***@h'],
  ['nats://gpu-vitals:a/b@nats:4222', 'nats://gpu-vitals:***@nats:4222'],
  ['nats://me:p@ss@nats:4222?ca=/ca.crt', 'nats://me:***@nats:4222?ca=/ca.crt'],
  ['nats://me:a"b c?d#e@h', 'nats://me:***@h'],
  ['nats://to@k/en@h:4222', 'nats://***@h:4222'],
  ['nats://h1,tls://a:x/y@z@h2, nats://me:b@h3', 'nats://h1,tls://a:***@h2, nats://me:***@h3'],
  ['nats://a:s,1@h1,nats://h2', 'nats://a:***@h1,nats://h2'],
  ['nats://token@h1,me:secret@h2', 'nats://***@h2'],
  ['me:a/b@h', 'me:***@h'],
  ['token@h:4222', '***@h:4222'],
  ['http://h:9400/metrics', 'http://h:9400/metrics'],
  ['file:///app/node_modules/@scope/name/index.js:1:2', 'file:///app/node_modules/@scope/name/index.js:1:2'],
  ['someone@host', 'someone@host'],
  ['', ''],
])('%s is shown as %s', (text, shown) => {
  expect(shownAddress(text)).toBe(shown);
});

it.each([
  ['token@host', '***@host'],
  ['host:4222', 'host:4222'],
  ['token@h1,nats://me:secret@h2', '***@h1,nats://me:***@h2'],
])('%s is shown as %s where it is certain that it is an address', (text, shown) => {
  expect(shownAddress(text, { certain: true })).toBe(shown);
});

it.each([
  ['nats://me:a/b@h is away, ask ops@host', 'nats://me:***@h is away, ask ops@host'],
  ['at "nats://me:p@ss@h", and "a@b"', 'at "nats://me:***@h", and "a@b"'],
  [
    'at f (file:///app/node_modules/@scope/name/index.js:1:2)',
    'at f (file:///app/node_modules/@scope/name/index.js:1:2)',
  ],
])('%s, among words, is shown as %s', (text, shown) => {
  expect(shownAddresses(text)).toBe(shown);
});

it('takes time in proportion to the text', () => {
  for (const piece of ['://', ',', ', ', ',a', 'nats://', 'a:', '\\"', 'x@', ',nats://x:']) {
    expect(shownAddress(piece.repeat(50_000)).length).toBeGreaterThan(0);
    expect(shownAddresses(piece.repeat(50_000)).length).toBeGreaterThan(0);
  }
});
