import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import koffi from 'koffi';
import { messageOf } from '../../errors.js';

/** One instruction of a classic BPF program (linux/filter.h). */
export interface Instruction {
  code: number;
  /** Instructions to skip where the comparison holds, and where it does not. */
  jt: number;
  jf: number;
  k: number;
}

// linux/bpf_common.h: load a byte or a word from an absolute place, shift right, jump if equal, return.
const [LOAD_BYTE, LOAD_WORD, SHIFT_RIGHT, JUMP_EQUAL, RETURN] = [0x30, 0x20, 0x74, 0x15, 0x06];
/** SKF_NET_OFF: places are counted from the head of the IP packet. */
const PACKET = 0xfff00000;
const [SOURCE_V4, SOURCE_V6] = [PACKET + 12, PACKET + 8];
const WHOLE = 0xffffffff;

const plain = (code: number, k: number): Instruction => ({ code, jt: 0, jf: 0, k });
const equals = (k: number, jt: number, jf: number): Instruction => ({ code: JUMP_EQUAL, jt, jf, k });

/**
 * The program that lets packets through whose source is this machine's loopback or one of `sources` (IPv4 and IPv6 addresses, as text),
 * and drops all others. A program tells the number of bytes to keep: all or none.
 */
export function sourceFilter(sources: readonly string[]): Instruction[] {
  const accept = plain(RETURN, WHOLE);
  const [v4, v6] = [sources.filter(isIPv4), sources.filter((source) => !isIPv4(source))];
  const fourth = [plain(LOAD_WORD, SOURCE_V4)].concat(
    v4.flatMap((address) => [equals(wordOf(address), 0, 1), accept]),
    // 127.0.0.0/8
    [plain(SHIFT_RIGHT, 24), equals(127, 0, 1), accept, plain(RETURN, 0)],
  );
  const sixth = ['::1'].concat(v6).flatMap((address) =>
    wordsOf(address)
      .flatMap((word, i, words) => [
        plain(LOAD_WORD, SOURCE_V6 + 4 * i),
        // Past the other words and the acceptance.
        equals(word, 0, 2 * (words.length - 1 - i) + 1),
      ])
      .concat(accept),
  );
  const version = [plain(LOAD_BYTE, PACKET), plain(SHIFT_RIGHT, 4), equals(4, 0, fourth.length)];
  return version.concat(fourth, sixth, [plain(RETURN, 0)]);
}

const wordOf = (address: string): number => Buffer.from(address.split('.').map(Number)).readUInt32BE();

/** The four words of an IPv6 address, whose `::` stands for as many zeros as are missing. */
function wordsOf(address: string): number[] {
  const [head, tail] = address.split('::').map((part) => part.split(':').filter(Boolean));
  const missing = 8 - head.length - (tail?.length ?? 0);
  const groups = tail ? head.concat(Array(missing).fill('0'), tail) : head;
  const bytes = Buffer.alloc(16);
  for (const [i, group] of groups.entries()) bytes.writeUInt16BE(Number.parseInt(group, 16), 2 * i);
  return [0, 4, 8, 12].map((at) => bytes.readUInt32BE(at));
}

const [SOL_SOCKET, SO_ATTACH_FILTER, SO_LOCK_FILTER] = [1, 26, 44];

/**
 * Tells the kernel to drop what reaches this process's listening sockets on `port` from anywhere but loopback and `sources`: the connections
 * that they accept have the same filter. Returns why it cannot be done, or undefined. Linux only.
 */
export function allowSources(port: number, sources: readonly string[]): string | undefined {
  if (process.platform !== 'linux') return `that is possible on Linux only, and this is ${process.platform}`;
  try {
    const sockets = listeningSockets(port);
    if (sockets.length === 0) return `no socket of this process listens on port ${port}`;
    const program = sourceFilter(sources);
    return sockets.every((socket) => attach(socket, program)) ? undefined : 'setsockopt refused the filter';
  } catch (error) {
    return messageOf(error);
  }
}

function attach(socket: number, program: readonly Instruction[]): boolean {
  const libc = koffi.load('libc.so.6');
  const setsockopt = libc.func('int setsockopt(int fd, int level, int name, const void* value, uint32_t length)');
  const code = Buffer.alloc(8 * program.length);
  program.forEach(({ code: operation, jt, jf, k }, i) => {
    code.writeUInt16LE(operation, 8 * i);
    code.writeUInt8(jt, 8 * i + 2);
    code.writeUInt8(jf, 8 * i + 3);
    code.writeUInt32LE(k >>> 0, 8 * i + 4);
  });
  // struct sock_fprog: the number of instructions, and a pointer to them.
  const header = Buffer.alloc(16);
  header.writeUInt16LE(program.length);
  // The buffer outlives the call, which copies the program.
  header.writeBigUInt64LE(koffi.address(code), 8);
  if (setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, header, header.length) !== 0) return false;
  const on = Buffer.alloc(4);
  on.writeUInt32LE(1);
  return setsockopt(socket, SOL_SOCKET, SO_LOCK_FILTER, on, on.length) === 0;
}

const LISTENING = '0A';

/** File descriptors of this process that listen on a port, by the kernel's tables of sockets. */
function listeningSockets(port: number): number[] {
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(table, 'utf8').split('\n').slice(1)) {
      const columns = line.trim().split(/\s+/);
      if (columns[3] !== LISTENING || Number.parseInt(columns[1].split(':').at(-1)!, 16) !== port) continue;
      inodes.add(`socket:[${columns[9]}]`);
    }
  }
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter((fd) => inodes.has(linkOf(fd)));
}

/** A descriptor may be closed while they are listed. */
function linkOf(fd: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}
