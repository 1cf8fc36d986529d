import { execFileSync } from 'node:child_process';

const NAMES = ['voxloop-bench-0', 'voxloop-bench-1'];

/** Two network namespaces (Linux) that a pair of virtual interfaces joins; each is a machine of its own for what runs in it. */
export interface TwoNetworks {
  /** IPv4 address of each. */
  addresses: string[];
  /** The interface of each, as /proc/net/dev names it there. */
  interfaces: string[];
  /** The command that runs another in one of them. */
  inside(number: number): [command: string, ...args: string[]];
  /** Limits what each sends, in bits a second; undefined: no limit. */
  limit(bitsPerSecond: number | undefined): void;
  close(): void;
}

const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] });

/** Makes both, which takes root; throws where the system does not let it. */
export function openTwoNetworks(): TwoNetworks {
  const interfaces = ['vox0', 'vox1'];
  const addresses = ['10.77.0.1', '10.77.0.2'];
  const close = () => {
    for (const name of NAMES) {
      try {
        ip('netns', 'del', name);
      } catch {
        // There is none.
      }
    }
  };
  close();
  for (const name of NAMES) ip('netns', 'add', name);
  ip('link', 'add', interfaces[0], 'netns', NAMES[0], 'type', 'veth', 'peer', 'name', interfaces[1], 'netns', NAMES[1]);
  NAMES.forEach((name, i) => {
    ip('-n', name, 'addr', 'add', `${addresses[i]}/24`, 'dev', interfaces[i]);
    ip('-n', name, 'link', 'set', interfaces[i], 'up');
    ip('-n', name, 'link', 'set', 'lo', 'up');
  });
  const tc = (number: number, ...args: string[]) =>
    execFileSync('ip', ['netns', 'exec', NAMES[number], 'tc', 'qdisc'].concat(args), { stdio: 'pipe' });
  let limited = false;
  return {
    addresses,
    interfaces,
    inside: (number) => ['ip', 'netns', 'exec', NAMES[number]],
    limit(bits) {
      for (const [number, device] of interfaces.entries()) {
        if (limited) tc(number, 'del', 'dev', device, 'root');
        if (bits === undefined) continue;
        // The bucket holds what passes in 4 ms: the kernel's clock must not starve it.
        const burst = String(Math.max(65_536, Math.round((bits / 8) * 0.004)));
        tc(number, 'add', 'dev', device, 'root', 'tbf', 'rate', `${bits}bit`, 'burst', burst, 'latency', '100ms');
      }
      limited = bits !== undefined;
    },
    close,
  };
}
