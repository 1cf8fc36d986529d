import type { Audio } from './audio.js';
import { cutShort, damaged, withoutConsole } from './broken-audio.js';
import { endOfId3 } from './file-start.js';
import type { OggLink } from './ogg-pages.js';

/**
 * Decodes FLAC with libFLAC compiled to WebAssembly.
 *
 * @throws UserError when frames do not decode, or when fewer samples are there than the stream's header states.
 */
export async function decodeFlac(bytes: Uint8Array, name: string): Promise<Audio> {
  const stream = bytes.subarray(endOfId3(bytes));
  return decodeStream(stream, statedSamples(stream), name);
}

/** Decodes FLAC in Ogg: the native stream's beginning stands in the first packet, behind nine bytes of mapping. */
export async function decodeOggFlac(link: OggLink, name: string): Promise<Audio> {
  return decodeStream(link.bytes, statedSamples(link.packets[0].subarray(9)), name);
}

async function decodeStream(stream: Uint8Array, stated: number, name: string): Promise<Audio> {
  const { FLACDecoder } = await import('@wasm-audio-decoders/flac');
  const decoder = new FLACDecoder();
  await decoder.ready;
  try {
    const decoded = await withoutConsole(() => decoder.decodeFile(stream));
    const { channelData, sampleRate, bitDepth, errors, samplesDecoded } = decoded;
    if (stated > 0 && samplesDecoded < stated) throw cutShort(name, samplesDecoded, stated);
    if (errors.length > 0) throw damaged(name, `${errors.length} FLAC frames do not decode (${errors[0].message})`);
    return { sampleRateHz: sampleRate, channels: channelData.map((channel) => rescaled(channel, bitDepth)) };
  } finally {
    decoder.free();
  }
}

/** The decoder divides by the largest positive sample; we divide by 2^(bits - 1), as for every other integer format. */
function rescaled(channel: Float32Array, bits: number): Float32Array {
  const [largest, scale] = [2 ** (bits - 1) - 1, 2 ** (1 - bits)];
  for (let i = 0; i < channel.length; i++) channel[i] = Math.round(channel[i] * largest) * scale;
  return channel;
}

/** The total of samples a channel in STREAMINFO (36 bits, 21 bytes into the stream); 0 when the encoder did not know it. */
function statedSamples(stream: Uint8Array): number {
  if (stream.length < 26) return 0;
  const view = new DataView(stream.buffer, stream.byteOffset);
  return (stream[21] & 0x0f) * 2 ** 32 + view.getUint32(22);
}
