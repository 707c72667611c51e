import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Networks of IPv4 that are no part of the public Internet (IANA's special-purpose registry). */
const closedIpv4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

const closed = new BlockList();
for (const [network, prefix] of closedIpv4) closed.addSubnet(network, prefix, 'ipv4');
// Within what IPv6 gives to the Internet: tunnels that lead to an IPv4 address, and examples.
closed.addSubnet('2001::', 32, 'ipv6');
closed.addSubnet('2002::', 16, 'ipv6');
closed.addSubnet('2001:db8::', 32, 'ipv6');

const openIpv6 = new BlockList();
openIpv6.addSubnet('2000::', 3, 'ipv6');

/** Whether an IP address is of the public Internet: not this machine, its neighbours or its cloud. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !closed.check(address, 'ipv4');
    case 6:
      return openIpv6.check(address, 'ipv6') && !closed.check(address, 'ipv6');
    default:
      return false;
  }
}

/** What a caller named leads to an address that nobody outside may reach through this server. */
export class ClosedAddressError extends Error {
  override readonly name = 'ClosedAddressError';

  constructor(host: string) {
    const why = `${host} is on a private network or this machine, where callers may not send the server`;
    super(`${why}; its operator can allow it with SPARKLER_ALLOW_PRIVATE_URLS`);
  }
}

/**
 * Finds addresses of a name and refuses those that are not public. It is asked by the connection itself, so
 * that no other answer of a name server can come between the check and the use.
 */
export const lookUpPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '');
    const [first] = addresses;
    if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address))) {
      return callback(new ClosedAddressError(hostname), '');
    }
    if (options.all) return callback(null, addresses);
    callback(null, first.address, first.family);
  });
};
