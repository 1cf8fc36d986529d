import { createHash } from 'node:crypto';
import type { Audio } from '../audio.js';
import { cutShort, damaged, unsupported, withoutConsole } from '../broken-audio.js';
import { crc16 } from './flac-crc.js';
import { type FlacFrame, frameOf, readStreamInfo, type StreamInfo, splitFrames } from './flac-frames.js';

/** Bytes of mapping before the native stream's beginning in the first packet of FLAC in Ogg. */
const OGG_MAPPING_BYTES = 9;

/**
 * Decodes FLAC with libFLAC compiled to WebAssembly. The frames are split here: the splitter that comes with it loses the last
 * frame of some valid files.
 *
 * @throws UserError when a frame does not decode or breaks off, when fewer samples are there than the stream's header states, or
 * when the samples are not those that its MD5 was taken of.
 */
export async function decodeFlac(stream: Uint8Array, name: string): Promise<Audio> {
  const info = streamInfoOf(stream, name);
  const { frames, end } = splitFrames(stream, info.samples);
  const samples = total(frames);
  if (end === 'damaged') throw damaged(name, `the FLAC frame behind sample ${samples} does not hold its checksum`);
  if (end === 'partial') throw cutShort(name, samples, info.samples || null);
  return decodeFrames(frames, info, name);
}

/** Decodes FLAC in Ogg: the native stream's beginning stands in the first packet, and every packet with sound is a frame. */
export async function decodeOggFlac({ packets }: { packets: Uint8Array[] }, name: string): Promise<Audio> {
  const info = streamInfoOf(packets[0].subarray(OGG_MAPPING_BYTES), name);
  const frames = packets.filter((packet) => packet[0] === 0xff).map(frameOf);
  const faulty = frames.findIndex((frame) => frame === null || crc16(frame.bytes) !== 0);
  if (faulty >= 0) throw damaged(name, `FLAC frame ${faulty + 1} of ${frames.length} does not hold its checksum`);
  return decodeFrames(frames as FlacFrame[], info, name);
}

function streamInfoOf(stream: Uint8Array, name: string): StreamInfo {
  const info = readStreamInfo(stream);
  if (info) return info;
  throw damaged(name, 'its STREAMINFO block, which says how the samples are stored, is missing or incomplete');
}

const total = (frames: FlacFrame[]): number => frames.reduce((sum, frame) => sum + frame.samples, 0);

async function decodeFrames(frames: FlacFrame[], info: StreamInfo, name: string): Promise<Audio> {
  const samples = total(frames);
  if (samples < info.samples) throw cutShort(name, samples, info.samples);
  const sampleRateHz = frames[0]?.sampleRateHz || info.sampleRateHz;
  const channelCount = frames[0]?.channels ?? info.channels;
  if (frames.some((frame) => (frame.sampleRateHz || info.sampleRateHz) !== sampleRateHz)) {
    throw unsupported(name, 'a FLAC stream whose sampling rate changes');
  }
  if (frames.some(({ channels }) => channels !== channelCount)) {
    throw unsupported(name, 'a FLAC stream whose number of channels changes');
  }
  if (frames.length === 0)
    return { sampleRateHz, channels: Array.from({ length: channelCount }, () => new Float32Array()) };
  const { channels, bits } = await decodeWithLibFlac(frames, info, name);
  if (channels[0].length !== samples) throw cutShort(name, channels[0].length, samples);
  if (info.md5 && bits <= 24 && md5Of(channels, bits) !== info.md5) {
    throw damaged(
      name,
      'every FLAC frame is whole, but the samples are not those that the MD5 in its header was taken of',
    );
  }
  return { sampleRateHz, channels };
}

async function decodeWithLibFlac(
  frames: FlacFrame[],
  info: StreamInfo,
  name: string,
): Promise<{ channels: Float32Array[]; bits: number }> {
  const { FLACDecoder } = await import('@wasm-audio-decoders/flac');
  const decoder = new FLACDecoder();
  await decoder.ready;
  try {
    const start = frames.some(({ needsStreamInfo }) => needsStreamInfo) ? [info.start] : [];
    const packets = start.concat(frames.map(({ bytes }) => bytes));
    const decoded = await withoutConsole(() => decoder.decodeFrames(packets));
    const { channelData, bitDepth: bits, errors } = decoded;
    if (errors.length > 0) throw damaged(name, `${errors.length} FLAC frames do not decode (${errors[0].message})`);
    for (const channel of channelData) rescale(channel, bits);
    return { channels: channelData, bits };
  } finally {
    decoder.free();
  }
}

/** The decoder divides by the largest positive sample; we divide by 2^(bits - 1), as for every other integer format. */
function rescale(channel: Float32Array, bits: number): void {
  const [largest, scale] = [2 ** (bits - 1) - 1, 2 ** (1 - bits)];
  for (let i = 0; i < channel.length; i++) channel[i] = Math.round(channel[i] * largest) * scale;
}

/** MD5 as STREAMINFO has it: of all samples, interleaved, little-endian, each in as many whole bytes as it needs. */
function md5Of(channels: Float32Array[], bits: number): string {
  const [hash, width, scale] = [createHash('md5'), Math.ceil(bits / 8), 2 ** (bits - 1)];
  const [step, length] = [1 << 14, channels[0].length];
  for (let start = 0; start < length; start += step) {
    const end = Math.min(length, start + step);
    const bytes = new Uint8Array((end - start) * channels.length * width);
    for (let i = start, at = 0; i < end; i++) {
      for (const channel of channels) {
        const value = channel[i] * scale;
        for (let b = 0; b < width; b++) bytes[at++] = value >> (8 * b);
      }
    }
    hash.update(bytes);
  }
  return hash.digest('hex');
}
