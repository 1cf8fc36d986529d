import type { Audio } from '../audio.js';
import { damaged, withoutConsole } from '../broken-audio.js';
import type { OggLink } from './ogg-pages.js';

/** Opus always decodes at 48 kHz, whatever was put in; its positions count at that rate too (RFC 7845, section 4). */
const OPUS_HZ = 48000;

interface OpusHead {
  channels: number;
  preSkipSamples: number;
  gainDb: number;
  mapping: { streamCount: number; coupledStreamCount: number; channelMappingTable: number[] };
}

/** Decodes one Opus stream with libopus compiled to WebAssembly: the encoder's delay and the padding after the end removed. */
export async function decodeOpus(link: OggLink, name: string): Promise<Audio> {
  const head = parseHead(link.packets[0], name);
  const { OpusDecoder } = await import('opus-decoder');
  const decoder = new OpusDecoder({ channels: head.channels, ...head.mapping });
  await decoder.ready;
  try {
    // The second packet holds tags.
    const { channelData, errors } = withoutConsole(() => decoder.decodeFrames(link.packets.slice(2)));
    if (errors.length > 0) throw damaged(name, `${errors.length} Opus packets do not decode (${errors[0].message})`);
    const end = endOf(channelData[0].length, head.preSkipSamples, link);
    const channels = channelData.map((channel) => channel.slice(head.preSkipSamples, end));
    return { sampleRateHz: OPUS_HZ, channels: withGain(channels, head.gainDb) };
  } finally {
    decoder.free();
  }
}

/** The longest packet: 120 ms. */
const PACKET_SAMPLES = 5760;

/**
 * The last page's position cuts the padding off, which is less than that page holds (RFC 7845, section 4.4). Another position is not
 * believed: some writers leave 0, and in a recording that starts inside a stream it counts from elsewhere.
 */
function endOf(decoded: number, preSkip: number, { lastGranule, lastPagePackets }: OggLink): number {
  const isBelievable = lastGranule > preSkip && decoded - lastGranule < lastPagePackets * PACKET_SAMPLES;
  return isBelievable ? Math.min(decoded, lastGranule) : decoded;
}

/** The identification header, RFC 7845 section 5.1. */
function parseHead(packet: Uint8Array, name: string): OpusHead {
  const family = packet[18];
  const channels = packet[9];
  if (packet.length < 19 || channels === 0 || (family > 0 && packet.length < 21 + channels)) {
    throw damaged(name, 'its Opus header is incomplete');
  }
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  return {
    channels,
    preSkipSamples: view.getUint16(10, true),
    gainDb: view.getInt16(16, true) / 256,
    mapping:
      family === 0
        ? { streamCount: 1, coupledStreamCount: channels - 1, channelMappingTable: channels === 2 ? [0, 1] : [0] }
        : {
            streamCount: packet[19],
            coupledStreamCount: packet[20],
            channelMappingTable: [...packet.subarray(21, 21 + channels)],
          },
  };
}

function withGain(channels: Float32Array[], gainDb: number): Float32Array[] {
  if (gainDb === 0) return channels;
  const gain = 10 ** (gainDb / 20);
  return channels.map((channel) => channel.map((value) => value * gain));
}
