import { type LookupAddress, lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/**
 * Addresses of the machine's own link, where clouds answer whoever asks with the machine's credentials: link-local of both kinds
 * (RFC 3927, RFC 4291), "this network" (RFC 791), and the addresses that AWS and Alibaba use beside them.
 */
const FORBIDDEN = new BlockList();
FORBIDDEN.addSubnet('169.254.0.0', 16, 'ipv4');
FORBIDDEN.addSubnet('0.0.0.0', 8, 'ipv4');
FORBIDDEN.addAddress('100.100.100.200', 'ipv4');
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6');
FORBIDDEN.addAddress('fd00:ec2::254', 'ipv6');
FORBIDDEN.addAddress('::', 'ipv6');

/** Whether a host is such an address by its own text; a name is not, whatever it means. */
export function isLinkLocal(host: string): boolean {
  const text = host.replace(/^\[|\]$/g, '');
  const family = isIP(text);
  return family !== 0 && FORBIDDEN.check(text, family === 6 ? 'ipv6' : 'ipv4');
}

/**
 * The system's look-up of names, without such addresses. It is the one that the connection uses, so that a name cannot mean
 * something else a moment later. Errors with ENOTFOUND when nothing else is left.
 */
export const lookupBeyondLink: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
    const allowed = error === null ? found.filter(({ address }) => !isLinkLocal(address)) : [];
    const [first] = allowed;
    if (error !== null || first === undefined) {
      const refused = Object.assign(new Error(`${hostname} is an address of the machine's own link`), {
        code: 'ENOTFOUND',
      });
      callback(error ?? refused, '', 0);
    } else if (options.all) callback(null, allowed);
    else callback(null, first.address, first.family);
  });
};
