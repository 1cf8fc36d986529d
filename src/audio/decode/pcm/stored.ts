import type { Audio } from '../audio.js';
import { cutShort, damaged } from '../broken-audio.js';
import { decodeG711 } from './g711.js';
import { bytesOfWord, fromInt16, fromWords, type WordKind } from './words.js';

/** One sample as it is stored: a linear word, or a byte by ITU-T G.711. */
export type Coding = WordKind | 'A-law' | 'mu-law';

/** Samples that stand in a file one after another, interleaved, as a header describes them. */
export interface StoredSamples {
  coding: Coding;
  littleEndian: boolean;
  channels: number;
  sampleRateHz: number;
  /** The bytes that are there. */
  data: Uint8Array;
  /** Samples a channel that the header states; null where a streaming writer left the length open. */
  statedSamples: number | null;
}

/** As many as a WAV file can have; a header that states more is damaged. */
const MOST_CHANNELS = 65_535;

/** Bytes of one sample of all channels. */
export function frameBytes(coding: Coding, channels: number): number {
  return channels * (coding === 'A-law' || coding === 'mu-law' ? 1 : bytesOfWord(coding));
}

/**
 * Decodes samples that are stored as they are, whatever header stood before them.
 *
 * @throws UserError when the header is impossible, or fewer samples are there than it states
 */
export async function decodeStored(stored: StoredSamples, name: string): Promise<Audio> {
  const { coding, littleEndian, channels, sampleRateHz, statedSamples } = stored;
  if (!(channels >= 1 && channels <= MOST_CHANNELS) || !(sampleRateHz > 0)) {
    throw damaged(name, `its header is impossible (${channels} channels, ${sampleRateHz} Hz)`);
  }
  const there = Math.floor(stored.data.length / frameBytes(coding, channels));
  if (statedSamples !== null && there < statedSamples) throw cutShort(name, there, statedSamples);
  const data = stored.data.subarray(0, (statedSamples ?? there) * frameBytes(coding, channels));
  if (coding !== 'A-law' && coding !== 'mu-law') {
    return { sampleRateHz, channels: fromWords(data, coding, channels, littleEndian) };
  }
  return { sampleRateHz, channels: fromInt16(await decodeG711(data, coding), channels) };
}
