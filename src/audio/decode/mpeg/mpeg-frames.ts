import { textAt } from '../file-start.js';

/** Result of a walk over the frame headers of an MPEG audio stream. */
export interface MpegWalk {
  /** Whole frames with sound; the Xing or VBRI header frame does not count. */
  frames: number;
  /** Frames that the Xing or VBRI header states, or null without one. */
  statedFrames: number | null;
  samplesPerFrame: number;
  channels: number;
  lastIsPartial: boolean;
}

interface FrameHeader {
  bytes: number;
  samples: number;
  channels: number;
  /** Version, layer and sampling rate: equal in every frame of a stream. */
  kind: number;
  sideInfoBytes: number;
}

// ISO/IEC 11172-3 and 13818-3: kbit/s by bit-rate index, for MPEG-1 layers I, II, III and MPEG-2 layer I and layers II, III.
const KBITS = {
  '1-1': [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  '1-2': [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  '1-3': [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  '2-1': [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  '2-2': [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
} as const;
const RATES_HZ = [44100, 48000, 32000];

/** Counts the frames of an MPEG stream, resynchronising over foreign bytes; null when it holds no two frames in a row. */
export function walkMpegFrames(bytes: Uint8Array): MpegWalk | null {
  let at = firstFrame(bytes);
  if (at < 0) return null;
  const first = parseHeader(bytes, at)!;
  const statedFrames = readStatedFrames(bytes, at, first);
  let frames = statedFrames === null ? 0 : -1;
  let [lastIsPartial, isBehindForeign] = [false, false];
  while (at < bytes.length) {
    const header = parseHeader(bytes, at);
    if (header?.kind !== first.kind) {
      at++;
      isBehindForeign = true;
      continue;
    }
    const isWhole = at + header.bytes <= bytes.length;
    if (isWhole) frames++;
    // Behind foreign bytes, as in a tag with a picture, what looks like half a frame may be chance.
    lastIsPartial = !isWhole && !isBehindForeign;
    isBehindForeign = false;
    at += header.bytes;
  }
  return { frames, statedFrames, samplesPerFrame: first.samples, channels: first.channels, lastIsPartial };
}

/** Bytes in which a second header is looked for: a frame of 640 kbit/s, the most that encoders offer, has 5760 at 8 kHz. */
const LONGEST_FREE_FRAME = 6000;

/** True for frames without a stated bit rate (ISO/IEC 11172-3, section 2.4.2.3): a header with rate index 0 first, and the same once more. */
export function isFreeFormat(bytes: Uint8Array): boolean {
  if (bytes.length < 8 || !isFreeHeader(bytes, 0)) return false;
  const end = Math.min(bytes.length - 4, LONGEST_FREE_FRAME);
  for (let at = 4; at <= end; at++) {
    const isSame = bytes[at] === 0xff && bytes[at + 1] === bytes[1] && (bytes[at + 2] & 0xfc) === (bytes[2] & 0xfc);
    if (isSame) return true;
  }
  return false;
}

function isFreeHeader(bytes: Uint8Array, at: number): boolean {
  const [version, layer] = [(bytes[at + 1] >> 3) & 3, (bytes[at + 1] >> 1) & 3];
  const hasSync = bytes[at] === 0xff && (bytes[at + 1] & 0xe0) === 0xe0;
  return hasSync && version !== 1 && layer !== 0 && bytes[at + 2] >> 4 === 0 && ((bytes[at + 2] >> 2) & 3) !== 3;
}

/** The first frame that another of the same kind follows, or that is the whole rest of the file. */
function firstFrame(bytes: Uint8Array): number {
  for (let at = 0; at + 4 <= bytes.length; at++) {
    const header = parseHeader(bytes, at);
    if (!header) continue;
    const next = at + header.bytes;
    if (next === bytes.length || parseHeader(bytes, next)?.kind === header.kind) return at;
  }
  return -1;
}

function parseHeader(bytes: Uint8Array, at: number): FrameHeader | null {
  if (at + 4 > bytes.length || bytes[at] !== 0xff || (bytes[at + 1] & 0xe0) !== 0xe0) return null;
  const versionBits = (bytes[at + 1] >> 3) & 3; // 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5
  const layer = 4 - ((bytes[at + 1] >> 1) & 3);
  const rateIndex = bytes[at + 2] >> 4;
  const frequencyIndex = (bytes[at + 2] >> 2) & 3;
  if (versionBits === 1 || layer === 4 || rateIndex === 0 || rateIndex === 15 || frequencyIndex === 3) return null;
  const isMpeg1 = versionBits === 3;
  const sampleRateHz = RATES_HZ[frequencyIndex] >> (isMpeg1 ? 0 : versionBits === 2 ? 1 : 2);
  const table = isMpeg1 ? (`1-${layer}` as '1-1' | '1-2' | '1-3') : layer === 1 ? '2-1' : '2-2';
  const bitsPerSecond = KBITS[table][rateIndex - 1] * 1000;
  const samples = layer === 1 ? 384 : layer === 3 && !isMpeg1 ? 576 : 1152;
  const slotBytes = layer === 1 ? 4 : 1;
  const padding = (bytes[at + 2] >> 1) & 1;
  const isMono = bytes[at + 3] >> 6 === 3;
  return {
    bytes: (Math.floor(((samples / 8) * bitsPerSecond) / sampleRateHz / slotBytes) + padding) * slotBytes,
    samples,
    channels: isMono ? 1 : 2,
    kind: (versionBits << 4) | (layer << 2) | frequencyIndex,
    sideInfoBytes: isMpeg1 ? (isMono ? 17 : 32) : isMono ? 9 : 17,
  };
}

/** The frame count of a Xing/Info header (after the side information) or a VBRI header (32 bytes into the frame). */
function readStatedFrames(bytes: Uint8Array, at: number, header: FrameHeader): number | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const xing = at + 4 + header.sideInfoBytes;
  if (['Xing', 'Info'].includes(textAt(bytes, xing, 4)) && xing + 12 <= bytes.length) {
    const hasFrameCount = (view.getUint32(xing + 4) & 1) !== 0;
    return hasFrameCount ? view.getUint32(xing + 8) : null;
  }
  const vbri = at + 36;
  if (textAt(bytes, vbri, 4) === 'VBRI' && vbri + 18 <= bytes.length) return view.getUint32(vbri + 14);
  return null;
}
