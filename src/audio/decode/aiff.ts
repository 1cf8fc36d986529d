import type { Audio } from './audio.js';
import { cutShort, damaged, unsupported } from './broken-audio.js';
import { textAt } from './file-start.js';
import { type Coding, decodeStored } from './pcm/stored.js';
import { signedWords } from './pcm/words.js';

/** Bytes of the COMM chunk of AIFF, behind which AIFF-C names its compression. */
const COMM_BYTES = 18;

/** AIFF-C's names of codings that store samples as they are and whose width the bits do not give. */
const CODINGS: Record<string, Coding> = {
  'raw ': 'uint8',
  fl32: 'float32',
  fl64: 'float64',
  ulaw: 'mu-law',
  alaw: 'A-law',
};

/** AIFF-C's names of signed integers of any width; those read from behind are little-endian (libsndfile's end in a digit). */
const BIG_ENDIAN = new Set(['none', 'twos', 'in24', 'in32']);
const LITTLE_ENDIAN = new Set(['sowt', '42ni', '42n1', '23ni', '23n1']);

interface Common {
  coding: Coding;
  littleEndian: boolean;
  channels: number;
  sampleRateHz: number;
  samples: number;
}

/** True at the beginning of an AIFF or AIFF-C file. */
export const isAiff = (bytes: Uint8Array, at: number): boolean =>
  textAt(bytes, at, 4) === 'FORM' && ['AIFF', 'AIFC'].includes(textAt(bytes, at + 8, 4));

/**
 * Decodes AIFF and AIFF-C (Apple, "Audio Interchange File Format AIFF-C", 1991): signed integers of 8 to 32 bits in either order of bytes, float
 * of 32 and 64, A-law and mu-law.
 *
 * @throws UserError when a chunk is missing, when fewer samples are there than stated, or for another compression
 */
export async function decodeAiff(bytes: Uint8Array, name: string): Promise<Audio> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { COMM: common, SSND: sound } = readChunks(bytes, view);
  if (!common || !sound) {
    if (8 + view.getUint32(4) > bytes.length) throw cutShort(name, 0, null);
    throw damaged(name, `its ${common ? 'SSND' : 'COMM'} chunk is missing`);
  }
  if (common.length < COMM_BYTES)
    throw damaged(name, 'it ends inside its COMM chunk, which says how the samples are stored');
  const { samples, ...layout } = readCommon(common, textAt(bytes, 8, 4) === 'AIFC', name);
  // A writer that cannot go back leaves no length: the samples then go on to the end.
  const statedSamples = samples === 0 && sound.length > 8 ? null : samples;
  // In front of the samples: how many bytes are skipped before them, and the size of blocks for those who align them.
  const offset = sound.length < 8 ? 0 : new DataView(sound.buffer, sound.byteOffset).getUint32(0);
  return decodeStored({ ...layout, statedSamples, data: sound.subarray(8 + offset) }, name);
}

/** The bytes of each chunk that are there, by name; of several of one name the first. */
function readChunks(bytes: Uint8Array, view: DataView): Partial<Record<string, Uint8Array>> {
  const chunks: Partial<Record<string, Uint8Array>> = {};
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4);
    const id = textAt(bytes, at, 4);
    // Sound of no stated length is that of a streaming writer: nothing follows it.
    const end = id === 'SSND' && length === 0 ? bytes.length : at + 8 + length;
    chunks[id] ??= bytes.subarray(at + 8, end);
    at = end + (length % 2);
  }
  return chunks;
}

function readCommon(chunk: Uint8Array, isCompressed: boolean, name: string): Common {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const [channels, samples, bits] = [view.getUint16(0), view.getUint32(2), view.getUint16(6)];
  const compression = isCompressed ? textAt(chunk, COMM_BYTES, 4) : 'NONE';
  const known = compression.toLowerCase();
  const littleEndian = LITTLE_ENDIAN.has(known);
  const coding = littleEndian || BIG_ENDIAN.has(known) ? signedWords(Math.ceil(bits / 8)) : CODINGS[known];
  if (!coding) throw unsupported(name, `AIFF sound of ${bits} bits, coded as '${compression}'`);
  return { coding, littleEndian, channels, sampleRateHz: readExtended(view, 8), samples };
}

/** The number of 80 bits (IEEE 754 extended) that AIFF keeps its sampling rate in, rounded to whole hertz. */
function readExtended(view: DataView, at: number): number {
  const exponent = (view.getUint16(at) & 0x7fff) - 16383 - 63;
  return Math.round(Number(view.getBigUint64(at + 2)) * 2 ** exponent);
}
