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
    // Azure, Oracle; AWS for pods, Google.
    ['168.63.129.16', true],
    ['192.0.0.192', true],
    ['[fd00:ec2::23]', true],
    ['[fd20:ce::254]', true],
    ['fd20:00ce:0:0:0:0:0:0254', true],
    // An IPv4 address within one of IPv6: mapped, translated, NAT64 and its local prefix, 6to4.
    ['[::ffff:a9fe:a9fe]', true],
    ['::ffff:168.63.129.16', true],
    ['[::ffff:100.100.100.200]', true],
    ['[::ffff:0:169.254.169.254]', true],
    ['[64:ff9b::169.254.169.254]', true],
    ['[64:ff9b::a83f:8110]', true],
    ['[64:ff9b:1::169.254.169.254]', true],
    ['[2002:a9fe:a9fe::1]', true],
    ['[2002:c000:c0::]', true],
    ['fe80::1%eth0', true],
    ['64:ff9b::a9fe:a9fe%eth0', true],
    ['[::ffff:10.0.0.1]', false],
    ['[64:ff9b::10.0.0.1]', false],
    ['[2002:a00:1::a9fe:a9fe]', false],
    ['[2001:db8::a9fe:a9fe]', false],
    ['[fd00:ec2::253]', false],
    ['168.63.129.17', false],
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
    await expect(look('169.254.169.254')).rejects.toMatchObject({ code: 'GV-SEC-007' });
    expect(JSON.stringify(await look('127.0.0.1'))).toContain('127.0.0.1');
  });
});
