import type { Rng } from '../../src/random.js';

const BYTES = [0x00, 0x01, 0x0a, 0x20, 0x7f, 0x80, 0xff];
const WORDS = [
  '-1',
  '0',
  '1e999',
  '99999999999999999999',
  'NaN',
  '-0',
  '0x10',
  '\t',
  '\n',
  '\0',
  '..',
  '/',
  '\uFEFF',
  'ä',
  '',
];

/** A damaged copy of bytes: one to three of cuts, swaps, repeats, flipped bits, extreme bytes and numbers, all drawn from `rng`. */
export function mutate(bytes: Uint8Array, rng: Rng): Buffer {
  let mutated: Buffer = Buffer.from(bytes);
  for (let times = 1 + rng.int(3); times > 0; times--) mutated = KINDS[rng.int(KINDS.length)](mutated, rng);
  return mutated;
}

type Mutation = (bytes: Buffer, rng: Rng) => Buffer;

const KINDS: readonly Mutation[] = [
  function cutShort(bytes, rng) {
    return bytes.subarray(0, rng.int(bytes.length + 1));
  },
  function flipBit(bytes, rng) {
    if (bytes.length > 0) bytes[rng.int(bytes.length)] ^= 1 << rng.int(8);
    return bytes;
  },
  function extremeBytes(bytes, rng) {
    const at = rng.int(bytes.length + 1);
    return bytes.fill(BYTES[rng.int(BYTES.length)], at, Math.min(bytes.length, at + 1 + rng.int(8)));
  },
  function removeRange(bytes, rng) {
    const at = rng.int(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + rng.int(16))]);
  },
  function repeatRange(bytes, rng) {
    const at = rng.int(bytes.length + 1);
    const end = at + 1 + rng.int(64);
    return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
  },
  function insertNoise(bytes, rng) {
    const at = rng.int(bytes.length + 1);
    const noise = Buffer.from(Array.from({ length: 1 + rng.int(8) }, () => rng.int(256)));
    return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
  },
  function otherNumber(bytes, rng) {
    const text = bytes.toString('latin1');
    const numbers = [...text.matchAll(/\d+/g)];
    if (numbers.length === 0) return bytes;
    const { index, 0: number } = numbers[rng.int(numbers.length)];
    const word = Buffer.from(WORDS[rng.int(WORDS.length)]);
    return Buffer.concat([bytes.subarray(0, index), word, bytes.subarray(index + number.length)]);
  },
];
