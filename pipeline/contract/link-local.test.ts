import { describe, expect, it } from 'vitest';
import { isLinkLocal, lookupBeyondLink } from './link-local.ts';

describe('addresses of the own link', () => {
  it.each([
    ['169.254.169.254', true],
    ['169.254.0.1', true],
    ['100.100.100.200', true],
    ['0.0.0.0', true],
    ['[fe80::1]', true],
    ['[fd00:ec2::254]', true],
    ['[::ffff:169.254.169.254]', true],
    // However it is spelled, a URL makes the usual form of it.
    [new URL('http://2852039166/').hostname, true],
    [new URL('http://0xa9.0xfe.0xa9.0xfe/').hostname, true],
    ['10.0.0.1', false],
    ['127.0.0.1', false],
    ['[::1]', false],
    ['169.253.255.255', false],
    ['example.com', false],
  ])('%s: %s', (host, forbidden) => {
    expect(isLinkLocal(host)).toBe(forbidden);
  });

  it.each([true, false])('are left out of what a name means (all: %s)', async (all) => {
    const look = (name: string): Promise<unknown> =>
      new Promise((resolve, reject) =>
        lookupBeyondLink(name, { all }, (error, address) => (error ? reject(error) : resolve(address))),
      );
    await expect(look('169.254.169.254')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    expect(JSON.stringify(await look('127.0.0.1'))).toContain('127.0.0.1');
  });
});
