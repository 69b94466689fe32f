import { expect, it } from 'vitest';
import { shownAddress } from './shown-address.ts';

it.each([
  ['nats://127.0.0.1:4222', 'nats://127.0.0.1:4222'],
  ['nats://me:secret@host:4222', 'nats://me:***@host:4222'],
  ['nats://token@host', 'nats://***@host'],
  ['nats://a:s1@h1,nats://h2,nats://s2@h3', 'nats://a:***@h1,nats://h2,nats://***@h3'],
  ['postgres://u:p%40ss:word@h:8812/qdb', 'postgres://u:***@h:8812/qdb'],
  ['http://:secret@h', 'http://:***@h'],
  ['someone@host', 'someone@host'],
  ['', ''],
])('%s is shown as %s', (text, shown) => {
  expect(shownAddress(text)).toBe(shown);
});
