import { crc16 } from '../../src/audio/decode/flac/flac-crc.js';
import { readStreamInfo, splitFrames } from '../../src/audio/decode/flac/flac-frames.js';
import { oggCrc } from '../../src/audio/decode/ogg/ogg-crc.js';
import type { Rng } from '../../src/random.js';

type Mutation = (bytes: Uint8Array, rng: Rng) => Uint8Array;

/** Values that lengths and counts are wrong by. */
const EXTREMES = [0, 1, 2, 3, 255, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

/** Bytes at the start of a file that hold most of its header. */
const HEADER_BYTES = 96;

function place(bytes: Uint8Array, rng: Rng): number {
  return rng.int(rng.next() < 0.5 ? Math.min(HEADER_BYTES, bytes.length) : bytes.length);
}

function flipBits(bytes: Uint8Array, rng: Rng): Uint8Array {
  const changed = new Uint8Array(bytes);
  for (let n = 1 + rng.int(8); n > 0; n--) changed[place(bytes, rng)] ^= 1 << rng.int(8);
  return changed;
}

/** Overwrites a field of two, four or eight bytes, in either order of bytes. */
function setField(bytes: Uint8Array, rng: Rng): Uint8Array {
  const changed = new Uint8Array(bytes);
  const at = place(bytes, rng);
  const field = Buffer.alloc(8);
  const value = EXTREMES[rng.int(EXTREMES.length)];
  const width = [2, 4, 8][rng.int(3)];
  if (rng.next() < 0.5) field.writeUInt32LE(value);
  else field.writeUInt32BE(value, width === 2 ? 0 : width - 4);
  changed.set(field.subarray(0, Math.min(width, bytes.length - at)), at);
  return changed;
}

const cutEnd: Mutation = (bytes, rng) => bytes.slice(0, rng.int(bytes.length));
const cutStart: Mutation = (bytes, rng) => bytes.slice(place(bytes, rng));

function insert(bytes: Uint8Array, rng: Rng): Uint8Array {
  const at = place(bytes, rng);
  const noise = Uint8Array.from({ length: 1 + rng.int(64) }, () => rng.int(256));
  return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
}

function remove(bytes: Uint8Array, rng: Rng): Uint8Array {
  const at = place(bytes, rng);
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + rng.int(64))]);
}

function repeat(bytes: Uint8Array, rng: Rng): Uint8Array {
  const [from, to] = [place(bytes, rng), place(bytes, rng)];
  return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from, from + 1 + rng.int(512)), bytes.subarray(to)]);
}

function blank(bytes: Uint8Array, rng: Rng): Uint8Array {
  const changed = new Uint8Array(bytes);
  const at = place(bytes, rng);
  return changed.fill(rng.next() < 0.5 ? 0 : 255, at, at + 1 + rng.int(256));
}

const MUTATIONS: readonly Mutation[] = [
  flipBits,
  flipBits,
  setField,
  setField,
  cutEnd,
  cutStart,
  insert,
  remove,
  repeat,
  blank,
];

/** One to three changes to a file: flipped bits, wrong fields, cuts, insertions. Half of the time its checksums are made right again. */
export function mutated(original: Uint8Array, rng: Rng): Uint8Array {
  let bytes = original;
  for (let n = 1 + rng.int(3); n > 0 && bytes.length > 0; n--) {
    bytes = MUTATIONS[rng.int(MUTATIONS.length)](bytes, rng);
  }
  if (rng.next() < 0.5) return bytes;
  return readStreamInfo(original) ? damagedFlacFrame(original, rng) : withOggChecksums(bytes);
}

/** Checksums keep most damage away from the decoders; with right ones it gets there. */
function withOggChecksums(bytes: Uint8Array): Uint8Array {
  const buffer = Buffer.from(bytes);
  for (let at = buffer.indexOf('OggS'); at >= 0 && at + 27 <= buffer.length; at = buffer.indexOf('OggS', at + 4)) {
    const lacing = buffer.subarray(at + 27, at + 27 + buffer[at + 26]);
    const end = lacing.reduce((sum, length) => sum + length, at + 27 + lacing.length);
    if (end <= buffer.length) buffer.writeUInt32LE(oggCrc(buffer.subarray(at, end)), at + 22);
  }
  return buffer;
}

function damagedFlacFrame(original: Uint8Array, rng: Rng): Uint8Array {
  const bytes = Buffer.from(original);
  const { frames } = splitFrames(bytes, 0);
  const frame = frames[rng.int(frames.length)].bytes;
  for (let n = 1 + rng.int(4); n > 0; n--) frame[8 + rng.int(frame.length - 10)] ^= 1 << rng.int(8);
  const checksum = crc16(frame.subarray(0, -2));
  frame.set([checksum >> 8, checksum & 255], frame.length - 2);
  return bytes;
}
