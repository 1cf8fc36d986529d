import type { Audio } from './audio.js';
import { cutShort, unsupported } from './broken-audio.js';
import { decodeG722 } from './g722.js';
import { decodeImaAdpcm, imaSamplesPerBlock } from './ima-adpcm.js';
import { decodeMp3 } from './mp3.js';
import { fromInt16, fromWords, type WordKind } from './pcm.js';
import { readWavLayout, type WavLayout } from './wav-chunks.js';

const TAG = { pcm: 1, float: 3, aLaw: 6, muLaw: 7, ima: 0x11, mp3: 0x55, g722: 0x28f } as const;

/** Encodings that WAV files carry and that are not read here. */
const OTHER_ENCODINGS: Record<number, string> = {
  [TAG.pcm]: 'PCM of an unusual width',
  [TAG.float]: 'floating-point samples of an unusual width',
  2: 'Microsoft ADPCM',
  49: 'GSM 6.10',
  69: 'G.726',
  80: 'MPEG layer II',
  255: 'AAC',
  352: 'Windows Media Audio',
  353: 'Windows Media Audio',
};

/**
 * Decodes a WAV file: PCM of 8 to 32 bits, float of 32 and 64, A-law, mu-law, IMA ADPCM, G.722 and MP3, in RIFF, RIFX, RF64
 * and BW64. A length left open by a streaming writer means "to the end of the file".
 *
 * @throws UserError when fewer samples are there than the header states, or for another encoding.
 */
export async function decodeWav(bytes: Uint8Array, name: string): Promise<Audio> {
  const layout = readWavLayout(bytes, name);
  const thereBlocks = layout.data.length / layout.blockBytes;
  if (layout.statedBlocks !== null && thereBlocks < layout.statedBlocks) {
    const perBlock = samplesPerBlock(layout);
    throw cutShort(name, thereBlocks * perBlock, layout.statedBlocks * perBlock);
  }
  if (layout.formatTag === TAG.mp3) return decodeMp3(layout.data, name);
  return { sampleRateHz: layout.sampleRateHz, channels: await decodeData(layout, name) };
}

function samplesPerBlock({ formatTag, blockBytes, channels }: WavLayout): number {
  if (formatTag === TAG.ima) return imaSamplesPerBlock(blockBytes, channels);
  return formatTag === TAG.g722 ? 2 * blockBytes : 1;
}

async function decodeData(layout: WavLayout, name: string): Promise<Float32Array[]> {
  const { data, channels, blockBytes, littleEndian, formatTag } = layout;
  const words = wordKind(formatTag, blockBytes / channels);
  if (words === 'int16' && littleEndian) return fromInt16(int16View(data), channels);
  if (words) return fromWords(data, words, channels, littleEndian);
  switch (formatTag) {
    case TAG.aLaw:
    case TAG.muLaw:
      return fromInt16(await decodeG711(data, formatTag === TAG.aLaw ? 'A' : 'mu'), channels);
    case TAG.ima:
      return fromInt16(decodeImaAdpcm(data, blockBytes, channels), channels, layout.factSamples);
    case TAG.g722:
      if (channels === 1) return fromInt16(decodeG722(data), 1);
      throw unsupported(name, 'G.722 of several channels');
    default:
      throw unsupported(name, OTHER_ENCODINGS[formatTag] ?? `WAV encoding number ${formatTag}`);
  }
}

/** The storage format for this many bytes a sample: a sample of 12 or 20 bits stands in the upper bits of 2 or 3 bytes. */
function wordKind(formatTag: number, bytesPerSample: number): WordKind | null {
  if (formatTag === TAG.pcm) return ([null, 'uint8', 'int16', 'int24', 'int32'] as const)[bytesPerSample] ?? null;
  if (formatTag === TAG.float) return bytesPerSample === 4 ? 'float32' : bytesPerSample === 8 ? 'float64' : null;
  return null;
}

/** A view where the bytes are aligned, as they are behind the usual 44-byte header; else a copy. */
function int16View(data: Uint8Array): Int16Array {
  const aligned = data.byteOffset % 2 === 0 ? data : data.slice();
  return new Int16Array(aligned.buffer, aligned.byteOffset, aligned.length >> 1);
}

/** Expands G.711 bytes (ITU-T G.711, A-law or mu-law) to 16-bit samples, with the `wavefile` package. */
async function decodeG711(data: Uint8Array, law: 'A' | 'mu'): Promise<Int16Array> {
  const { default: wavefile } = await import('wavefile');
  const wav = new wavefile.WaveFile();
  // A clean header: the package does not accept the wrong lengths that streaming writers leave.
  wav.fromScratch(1, 8000, law === 'A' ? '8a' : '8m', data);
  if (law === 'A') wav.fromALaw();
  else wav.fromMuLaw();
  return wav.getSamples(false, Int16Array) as unknown as Int16Array;
}
