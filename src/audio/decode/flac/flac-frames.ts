import { textAt } from '../file-start.js';
import { CRC16, crc8 } from './flac-crc.js';

/** STREAMINFO, the block that every FLAC stream begins with (RFC 9639, section 8.2). */
export interface StreamInfo {
  sampleRateHz: number;
  channels: number;
  bitsPerSample: number;
  /** Samples a channel; 0 when the encoder did not know. */
  samples: number;
  /** MD5 of the samples, in hexadecimal; null when the encoder left it out. */
  md5: string | null;
  /** A stream's beginning that says sampling rate, channels and sample size, and leaves all else open. */
  start: Uint8Array;
}

/** A frame, with what its header says. */
export interface FlacFrame {
  bytes: Uint8Array;
  samples: number;
  channels: number;
  /** 0 stands for the rate in STREAMINFO. */
  sampleRateHz: number;
  /** It leaves its sampling rate or its sample size to STREAMINFO. */
  needsStreamInfo: boolean;
}

/** The frames of a stream, and whether they are all that was there. */
export interface FlacFrames {
  frames: FlacFrame[];
  /** What follows the last whole frame: nothing of the stream, a frame that breaks off, or a damaged one with others behind it. */
  end: 'whole' | 'partial' | 'damaged';
}

const STREAM_INFO_END = 42;
/** The first byte of a metadata block: the last one, of kind 0. */
const ONLY_STREAM_INFO = 0x80;
const RATES_HZ = [0, 88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000];

/** Reads STREAMINFO from a stream that begins with `fLaC`; null when it is not there. */
export function readStreamInfo(stream: Uint8Array): StreamInfo | null {
  if (stream.length < STREAM_INFO_END || textAt(stream, 0, 4) !== 'fLaC' || (stream[4] & 0x7f) !== 0) return null;
  const view = new DataView(stream.buffer, stream.byteOffset);
  const md5 = Buffer.from(stream.subarray(26, STREAM_INFO_END)).toString('hex');
  return {
    sampleRateHz: view.getUint32(18) >>> 12,
    channels: ((stream[20] >> 1) & 7) + 1,
    bitsPerSample: (((stream[20] & 1) << 4) | (stream[21] >> 4)) + 1,
    samples: (stream[21] & 0x0f) * 2 ** 32 + view.getUint32(22),
    md5: /^0+$/.test(md5) ? null : md5,
    start: openStart(stream),
  };
}

/** Block sizes, total and MD5 are left out: libFLAC believes them more than the frames, and fills in silence where they are wrong. */
function openStart(stream: Uint8Array): Uint8Array {
  const start = new Uint8Array(STREAM_INFO_END);
  start.set(stream.subarray(0, 8));
  start[4] = ONLY_STREAM_INFO;
  start.set([0, 16, 0xff, 0xff], 8);
  start.set(stream.subarray(18, 22), 18);
  start[21] &= 0xf0;
  return start;
}

/**
 * Splits a stream into its frames: each ends where its CRC-16 holds and another begins, or nothing of the stream follows.
 *
 * @param stated samples a channel by STREAMINFO, 0 when unknown
 */
export function splitFrames(stream: Uint8Array, stated: number): FlacFrames {
  const frames: FlacFrame[] = [];
  let [at, samples] = [nextHeader(stream, endOfMetadata(stream)), 0];
  while (at < stream.length) {
    const header = parseFrameHeader(stream, at)!;
    const { next, mayEnd } = findEnd(stream, at, at + header.headerBytes);
    samples += header.samples;
    if (next === null) {
      const isComplete = stated > 0 && samples >= stated;
      if (!isComplete && othersFollow(stream, at, header)) return { frames, end: 'damaged' };
      if (!mayEnd) return { frames, end: 'partial' };
    }
    // What follows the last frame (an ID3v1 tag, zeros) stays with it: the decoder knows where a frame ends and stops there.
    const end = next ?? stream.length;
    frames.push(frameWith(header, stream.subarray(at, end)));
    at = end;
  }
  return { frames, end: 'whole' };
}

/** Offset behind the metadata blocks; a length that leads out of the file is not believed. */
function endOfMetadata(stream: Uint8Array): number {
  for (let at = 4, isLast = false; at + 4 <= stream.length; ) {
    isLast = (stream[at] & 0x80) !== 0;
    at += 4 + ((stream[at + 1] << 16) | (stream[at + 2] << 8) | stream[at + 3]);
    if (isLast && at <= stream.length) return at;
  }
  return Math.min(STREAM_INFO_END, stream.length);
}

/** The first frame header from `from` on, or the stream's length. */
function nextHeader(stream: Uint8Array, from: number): number {
  let at = from;
  while (at < stream.length && !parseFrameHeader(stream, at)) {
    const sync = stream.indexOf(0xff, at + 1);
    at = sync < 0 ? stream.length : sync;
  }
  return at;
}

/** Where the frame at `at` ends and the next begins; without a next one, whether its checksum holds somewhere, be it by chance. */
function findEnd(stream: Uint8Array, at: number, bodyAt: number): { next: number | null; mayEnd: boolean } {
  let [crc, mayEnd] = [0, false];
  for (let i = at; i < stream.length; i++) {
    crc = ((crc << 8) & 0xffff) ^ CRC16[(crc >> 8) ^ stream[i]];
    if (crc !== 0 || i < bodyAt) continue;
    if (parseFrameHeader(stream, i + 1)) return { next: i + 1, mayEnd };
    mayEnd = true;
  }
  return { next: null, mayEnd };
}

/** True when a later frame of the same stream is there: one of the same form, with a higher number. */
function othersFollow(stream: Uint8Array, at: number, header: FrameHeader): boolean {
  for (let i = nextHeader(stream, at + header.headerBytes); i < stream.length; i = nextHeader(stream, i + 1)) {
    const other = parseFrameHeader(stream, i)!;
    if (other.form === header.form && other.number > header.number) return true;
  }
  return false;
}

interface FrameHeader extends Omit<FlacFrame, 'bytes'> {
  headerBytes: number;
  /** Of the frame, or of its first sample in a stream of varying block sizes. */
  number: number;
  /** Blocking strategy, sampling rate and sample size: the bits that are equal in every frame of a stream. */
  form: number;
}

/** Parses the header of a frame (RFC 9639, section 9.1); null when none is there or its CRC-8 does not hold. */
function parseFrameHeader(bytes: Uint8Array, at: number): FrameHeader | null {
  if (bytes[at] !== 0xff || (bytes[at + 1] & 0xfe) !== 0xf8) return null;
  const [blockCode, rateCode, channelCode] = [bytes[at + 2] >> 4, bytes[at + 2] & 15, bytes[at + 3] >> 4];
  const isReserved = (bytes[at + 3] & 1) !== 0 || ((bytes[at + 3] >> 1) & 7) === 3;
  if (blockCode === 0 || rateCode === 15 || channelCode > 10 || isReserved) return null;
  const numberAt = at + 4;
  const numberBytes = bytes[numberAt] < 0x80 ? 1 : Math.clz32(~(bytes[numberAt] << 24));
  if (numberBytes > 7 || (numberBytes === 1 && bytes[numberAt] >= 0x80)) return null;
  const sizeAt = numberAt + numberBytes;
  const rateAt = sizeAt + (blockCode === 6 ? 1 : blockCode === 7 ? 2 : 0);
  const end = rateAt + (rateCode === 12 ? 1 : rateCode > 12 ? 2 : 0);
  if (end >= bytes.length || crc8(bytes.subarray(at, end)) !== bytes[end]) return null;
  return {
    headerBytes: end + 1 - at,
    number: codedNumber(bytes, numberAt, numberBytes),
    form: ((bytes[at + 1] & 1) << 8) | (rateCode << 4) | (bytes[at + 3] & 15),
    samples: blockSize(blockCode, bytes, sizeAt),
    channels: channelCode < 8 ? channelCode + 1 : 2,
    sampleRateHz: rateOf(rateCode, bytes, rateAt),
    needsStreamInfo: rateCode === 0 || (bytes[at + 3] & 0x0e) === 0,
  };
}

/** A number of up to 36 bits, coded as UTF-8 codes characters. */
function codedNumber(bytes: Uint8Array, at: number, length: number): number {
  if (length === 1) return bytes[at];
  let number = bytes[at] & (0x7f >> length);
  for (let i = 1; i < length; i++) number = number * 64 + (bytes[at + i] & 63);
  return number;
}

function blockSize(code: number, bytes: Uint8Array, at: number): number {
  if (code === 1) return 192;
  if (code < 6) return 144 << code;
  if (code === 6) return bytes[at] + 1;
  return code === 7 ? ((bytes[at] << 8) | bytes[at + 1]) + 1 : 1 << code;
}

function rateOf(code: number, bytes: Uint8Array, at: number): number {
  if (code < 12) return RATES_HZ[code];
  if (code === 12) return bytes[at] * 1000;
  return ((bytes[at] << 8) | bytes[at + 1]) * (code === 14 ? 10 : 1);
}

/** A packet that is one frame, as in Ogg; null when it does not begin with a frame's header. */
export function frameOf(packet: Uint8Array): FlacFrame | null {
  const header = parseFrameHeader(packet, 0);
  return header && frameWith(header, packet);
}

function frameWith({ samples, channels, sampleRateHz, needsStreamInfo }: FrameHeader, bytes: Uint8Array): FlacFrame {
  return { bytes, samples, channels, sampleRateHz, needsStreamInfo };
}
