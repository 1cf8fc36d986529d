import type { UserError } from '../../../errors.js';
import type { Audio } from '../audio.js';
import { cutShort, damaged, unsupported } from '../broken-audio.js';
import { decodeG722 } from '../g722/g722.js';
import { decodeMp3 } from '../mpeg/mp3.js';
import { decodeG711 } from '../pcm/g711.js';
import { fromInt16, fromWords, type WordKind } from '../pcm/words.js';
import { TAG } from './format.js';
import { decodeImaAdpcm, imaSamples } from './ima-adpcm.js';
import { readWave64Layout, readWavLayout, type WavLayout } from './layout.js';
import { decodeMsAdpcm, msAdpcmSamples } from './ms-adpcm.js';

/** Encodings that WAV files carry and that are not read here. */
const OTHER_ENCODINGS: Record<number, string> = {
  [TAG.pcm]: 'PCM of an unusual width',
  [TAG.float]: 'floating-point samples of an unusual width',
  49: 'GSM 6.10',
  69: 'G.726',
  80: 'MPEG layer II',
  255: 'AAC',
  352: 'Windows Media Audio',
  353: 'Windows Media Audio',
};

/**
 * Decodes a WAV file: PCM of 8 to 32 bits, float of 32 and 64, A-law, mu-law, the ADPCM of IMA and Microsoft, G.722 and MP3, in RIFF,
 * RIFX, RF64 and BW64. A length left open by a streaming writer means "to the end of the file".
 *
 * @throws UserError when fewer samples are there than the header states, or for another encoding.
 */
export function decodeWav(bytes: Uint8Array, name: string): Promise<Audio> {
  return decodeLayout(readWavLayout(bytes, name), name);
}

/** Decodes a Sony Wave64 file, which holds what WAV files hold. */
export async function decodeWave64(bytes: Uint8Array, name: string): Promise<Audio> {
  return decodeLayout(readWave64Layout(bytes, name), name);
}

async function decodeLayout(layout: WavLayout, name: string): Promise<Audio> {
  const { data, statedBytes, formatTag, sampleRateHz } = layout;
  if (statedBytes !== null && data.length < statedBytes) {
    if (formatTag === TAG.mp3) throw damaged(name, `of ${statedBytes} bytes of sound ${data.length} are there`);
    const [there, stated] = [samplesIn(data.length, layout), samplesIn(statedBytes, layout)];
    if (there < stated) throw cutShort(name, there, stated);
  }
  if (formatTag === TAG.mp3) return decodeMp3(data, name);
  return { sampleRateHz, channels: await decodeData(layout, name) };
}

/** Samples a channel in so many bytes; blocks where a block does not say how many it holds. */
function samplesIn(bytes: number, { formatTag, blockBytes, channels }: WavLayout): number {
  if (formatTag === TAG.ima) return imaSamples(bytes, blockBytes, channels);
  if (formatTag === TAG.microsoft) return msAdpcmSamples(bytes, blockBytes, channels);
  return Math.floor(bytes / blockBytes) * (formatTag === TAG.g722 ? 2 * blockBytes : 1);
}

async function decodeData(layout: WavLayout, name: string): Promise<Float32Array[]> {
  const { data, channels, blockBytes, littleEndian, formatTag } = layout;
  const words = wordKind(formatTag, blockBytes / channels);
  if (words === 'int16' && littleEndian) return fromInt16(int16View(data), channels);
  if (words) return fromWords(data, words, channels, littleEndian);
  switch (formatTag) {
    case TAG.aLaw:
    case TAG.muLaw:
      return fromInt16(await decodeG711(data, formatTag === TAG.aLaw ? 'A-law' : 'mu-law'), channels);
    case TAG.ima:
      return decodeIma(layout, name);
    case TAG.microsoft:
      return decodeMicrosoft(layout, name);
    case TAG.g722:
      if (channels === 1) return fromInt16(decodeG722(data), 1);
      throw unsupported(name, 'G.722 of several channels');
    default:
      throw unsupported(name, OTHER_ENCODINGS[formatTag] ?? `WAV encoding number ${formatTag}`);
  }
}

function decodeIma(layout: WavLayout, name: string): Float32Array[] {
  const { data, blockBytes, channels } = layout;
  if (blockBytes % (4 * channels) !== 0) throw impossibleBlocks(layout, 'IMA ADPCM', name);
  const samples = decodeImaAdpcm(data, blockBytes, channels);
  return fromInt16(samples, channels, believableEnd(layout, imaSamples(blockBytes, blockBytes, channels)));
}

function decodeMicrosoft(layout: WavLayout, name: string): Float32Array[] {
  const { data, blockBytes, channels, coefficients } = layout;
  const blockSamples = msAdpcmSamples(blockBytes, blockBytes, channels);
  if (channels > 2 || blockSamples === 0) throw impossibleBlocks(layout, 'Microsoft ADPCM', name);
  const samples = decodeMsAdpcm(data, blockBytes, channels, coefficients);
  return fromInt16(samples, channels, believableEnd(layout, blockSamples));
}

function impossibleBlocks({ blockBytes, channels }: WavLayout, coding: string, name: string): UserError {
  return damaged(
    name,
    `its fmt chunk is impossible (blocks of ${blockBytes} bytes for ${channels} channels of ${coding})`,
  );
}

/** The fact chunk says where the last block ends; one that names a place outside of it is wrong. */
function believableEnd(layout: WavLayout, blockSamples: number): number | null {
  const { factSamples, data } = layout;
  return factSamples !== null && samplesIn(data.length, layout) - factSamples < blockSamples ? factSamples : null;
}

/** The storage format for this many bytes a sample: a sample of 12 or 20 bits stands in the upper bits of 2 or 3 bytes. */
function wordKind(formatTag: number, bytesPerSample: number): WordKind | null {
  if (formatTag === TAG.pcm) return ([null, 'uint8', 'int16', 'int24', 'int32'] as const)[bytesPerSample] ?? null;
  if (formatTag === TAG.float) return bytesPerSample === 4 ? 'float32' : bytesPerSample === 8 ? 'float64' : null;
  return null;
}

/** A view where the bytes are aligned, as they are behind the usual 44-byte header; else a copy. */
function int16View(data: Uint8Array): Int16Array {
  // Not `slice`: that of a Buffer is a view.
  const aligned = data.byteOffset % 2 === 0 ? data : new Uint8Array(data);
  return new Int16Array(aligned.buffer, aligned.byteOffset, aligned.length >> 1);
}
