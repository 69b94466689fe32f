import { expect, it } from 'vitest';
import { isLoopback, isLoopbackHostHeader } from './loopback.ts';

it.each([
  ['localhost', true, true],
  ['LocalHost', true, true],
  ['127.0.0.1', true, true],
  ['127.9.9.9', true, true],
  ['::1', true, false],
  ['[::1]', false, true],
  ['localhost:8080', false, true],
  ['127.0.0.1:8080', false, true],
  ['[::1]:8080', false, true],
  ['', false, false],
  ['0.0.0.0', false, false],
  ['::', false, false],
  ['localhost.evil.example', false, false],
  ['evil.example:8080', false, false],
  ['127.0.0.1.evil.example', false, false],
  ['localhost:8080:8080', false, false],
])('%s as a host that is listened at: %s, as a header: %s', (text, host, header) => {
  expect([isLoopback(text), isLoopbackHostHeader(text)]).toEqual([host, header]);
});
