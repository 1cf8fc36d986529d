import type { Audio } from './audio.js';
import { damaged, unsupported } from './broken-audio.js';
import { textAt } from './file-start.js';
import { type Coding, decodeStored, frameBytes } from './pcm/stored.js';

const HEADER_BYTES = 24;

/** A length that a streaming writer left open. */
const OPEN_LENGTH = 0xffffffff;

/** The encodings that store samples as they are, by the numbers of Sun's `audio/au.h`. */
const CODINGS: Record<number, Coding> = {
  1: 'mu-law',
  2: 'int8',
  3: 'int16',
  4: 'int24',
  5: 'int32',
  6: 'float32',
  7: 'float64',
  27: 'A-law',
};

/** True at the beginning of a Sun AU file; `dns.` is that of a little-endian writer. */
export const isAu = (bytes: Uint8Array, at: number): boolean => ['.snd', 'dns.'].includes(textAt(bytes, at, 4));

/**
 * Decodes a Sun (NeXT) AU file: linear samples of 8 to 32 bits, float of 32 and 64, A-law and mu-law.
 *
 * @throws UserError when the header is impossible, when fewer samples are there than it states, or for another encoding
 */
export async function decodeAu(bytes: Uint8Array, name: string): Promise<Audio> {
  if (bytes.length < HEADER_BYTES) throw damaged(name, 'it ends inside its header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const littleEndian = textAt(bytes, 0, 4) === 'dns.';
  const field = (n: number) => view.getUint32(4 * n, littleEndian);
  const [dataAt, statedBytes, encoding, sampleRateHz, channels] = [1, 2, 3, 4, 5].map(field);
  const coding = CODINGS[encoding];
  if (!coding) throw unsupported(name, `AU encoding number ${encoding}`);
  if (dataAt < HEADER_BYTES) throw damaged(name, `its header says that the sound begins inside it, at byte ${dataAt}`);
  const statedSamples = statedBytes === OPEN_LENGTH ? null : Math.floor(statedBytes / frameBytes(coding, channels));
  const data = bytes.subarray(dataAt);
  return decodeStored({ coding, littleEndian, channels, sampleRateHz, data, statedSamples }, name);
}
