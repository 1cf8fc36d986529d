import { lookup as systemLookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { UserError } from '../../errors.js';

const list = (...ranges: [address: string, prefix: number, family: 'ipv4' | 'ipv6'][]): BlockList => {
  const block = new BlockList();
  for (const [address, prefix, family] of ranges) block.addSubnet(address, prefix, family);
  return block;
};

const LOOPBACK = list(['127.0.0.0', 8, 'ipv4'], ['::1', 128, 'ipv6']);
/** RFC 1918, 6598, 3927, 4193 and 4291. */
const PRIVATE = list(
  ['10.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
);

/** How far an address reaches. */
export type Reach = 'loopback' | 'private' | 'public';

export function reachOf(address: string): Reach {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (LOOPBACK.check(address, family)) return 'loopback';
  return PRIVATE.check(address, family) ? 'private' : 'public';
}

type Lookup = (host: string) => Promise<string[]>;

const lookup: Lookup = async (host) => (await systemLookup(host, { all: true })).map(({ address }) => address);

/**
 * The network addresses of workers' hosts, which may connect to each other's servers: none for loopback. TensorFlow's servers ask for no
 * password, and whoever reaches one may read and write this user's files.
 * @throws UserError for a host of a public network; for one of a private network unless `allowNetwork`; for one that is not found
 */
export async function allowedSources(
  addresses: readonly string[],
  { allowNetwork, say, find = lookup }: { allowNetwork: boolean; say(line: string): void; find?: Lookup },
): Promise<string[]> {
  const hosts = [...new Set(addresses.map((address) => address.slice(0, address.lastIndexOf(':'))))];
  const found = await Promise.all(hosts.map((host) => networkOf(host, find)));
  const sources = found.flat();
  const outside = sources.find((address) => reachOf(address) === 'public');
  if (outside !== undefined) {
    throw new UserError(
      `${outside} is an address of a public network. TensorFlow's servers ask for no password, and whoever reaches one can read and ` +
        'write your files: voxloop does not start one there. Use a tunnel (docs/many-workers.md).',
    );
  }
  const network = sources.filter((address) => reachOf(address) === 'private');
  if (network.length > 0 && !allowNetwork) {
    throw new UserError(
      `${network[0]} is not this machine's loopback. TensorFlow's servers ask for no password, and whoever reaches one can read and ` +
        'write your files. Where that network is yours alone, say --allow-network; else use a tunnel (docs/many-workers.md).',
    );
  }
  if (network.length > 0)
    say(`warning: connections from ${network.join(', ')} are let in without a password; all others are dropped`);
  return network;
}

async function networkOf(host: string, find: Lookup): Promise<string[]> {
  if (isIP(host)) return [host];
  try {
    return await find(host);
  } catch {
    throw new UserError(`the host '${host}' is not found. Write its address.`);
  }
}
