import { type LookupAddress, lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import type { ErrorCode } from './error-catalogue.ts';

/**
 * Addresses where clouds answer whoever asks with the machine's credentials: link-local of both kinds (RFC 3927, RFC 4291),
 * "this network" (RFC 791), and those that clouds use beside them.
 */
const FORBIDDEN = new BlockList();
FORBIDDEN.addSubnet('169.254.0.0', 16, 'ipv4');
FORBIDDEN.addSubnet('0.0.0.0', 8, 'ipv4');
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6');
FORBIDDEN.addAddress('::', 'ipv6');
const OF_CLOUDS = {
  // Alibaba, Azure, Oracle.
  ipv4: ['100.100.100.200', '168.63.129.16', '192.0.0.192'],
  // AWS twice: metadata, and credentials of pods; Google.
  ipv6: ['fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254'],
} as const;
for (const address of OF_CLOUDS.ipv4) FORBIDDEN.addAddress(address, 'ipv4');
for (const address of OF_CLOUDS.ipv6) FORBIDDEN.addAddress(address, 'ipv6');

/** IPv6 addresses that a router turns into the IPv4 address in them: the groups before it. */
const EMBEDDING: readonly (readonly number[])[] = [
  // Mapped (RFC 4291), and translated (RFC 2765).
  [0, 0, 0, 0, 0, 0xffff],
  [0, 0, 0, 0, 0xffff, 0],
  // NAT64 (RFC 6052), and its prefix for local use (RFC 8215).
  [0x64, 0xff9b, 0, 0, 0, 0],
  [0x64, 0xff9b, 1, 0, 0, 0],
  // 6to4 (RFC 3056).
  [0x2002],
];

/** Whether a host is such an address by its own text; a name is not, whatever it means. */
export function isLinkLocal(host: string): boolean {
  const text = host.replace(/^\[|\]$/g, '');
  const family = isIP(text);
  if (family !== 6) return family === 4 && FORBIDDEN.check(text, 'ipv4');
  if (FORBIDDEN.check(text, 'ipv6')) return true;
  const groups = groupsOf(text);
  return EMBEDDING.some((prefix) => {
    const [high = 0, low = 0] = groups.slice(prefix.length);
    return (
      prefix.every((group, at) => groups[at] === group) &&
      FORBIDDEN.check([high >> 8, high & 255, low >> 8, low & 255].join('.'), 'ipv4')
    );
  });
}

/** The eight groups of an IPv6 address, whatever it is spelled like. */
function groupsOf(text: string): readonly number[] {
  const [unzoned = ''] = text.split('%', 1);
  const plain = new URL(`http://[${unzoned}]/`).hostname.slice(1, -1);
  const [before = [], after = []] = plain.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const filled = [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
  return filled.map((group) => Number.parseInt(group, 16));
}

const REFUSED: ErrorCode = 'GV-SEC-007';

/** Whether the look-up below refused a name for what it means. */
export const isRefusedName = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === REFUSED;

/**
 * The system's look-up of names, without such addresses. It is the one that the connection uses, so that a name cannot mean
 * something else a moment later. Errors with GV-SEC-007 as its code when nothing else is left.
 */
export const lookupBeyondLink: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
    const allowed = error === null ? found.filter(({ address }) => !isLinkLocal(address)) : [];
    const [first] = allowed;
    if (error !== null || first === undefined) {
      const refused = Object.assign(new Error(`${hostname} is an address of the machine's own link`), {
        code: REFUSED,
      });
      callback(error ?? refused, '', 0);
    } else if (options.all) callback(null, allowed);
    else callback(null, first.address, first.family);
  });
};
