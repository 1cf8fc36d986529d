import { textAt } from '../file-start.js';

/** A piece of a WAV file: an identifier of four letters, and the bytes that its header states. */
export interface Chunk {
  id: string;
  /** Offset of its content. */
  at: number;
  /** The stated length of its content. It may lead out of the file. */
  bytes: number;
}

/** Chunks that writers put into WAV files. What stands at another place than the format says is one only if it is among these. */
const KNOWN = new Set(
  [
    'fmt ',
    'data',
    'fact',
    'LIST',
    'bext',
    'iXML',
    'axml',
    'chna',
    'cart',
    'cue ',
    'plst',
    'smpl',
    'inst',
    'PEAK',
    'levl',
  ].concat([
    'JUNK',
    'junk',
    'PAD ',
    'FLLR',
    'id3 ',
    'ID3 ',
    'DISP',
    'afsp',
    'minf',
    'elm1',
    'regn',
    'umid',
    '_PMX',
    'ds64',
  ]),
);

/**
 * Lists the chunks of a RIFF, RIFX, RF64 or BW64 file up to the first bytes that are none. The 64-bit forms keep the data chunk's
 * length in `ds64`. A chunk of odd length should have a byte of padding behind it; some writers leave it out.
 */
export function readRiffChunks(bytes: Uint8Array, littleEndian: boolean): Chunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: Chunk[] = [];
  let longDataBytes = 0;
  for (let at = 12; isChunkAt(bytes, at); ) {
    const id = textAt(bytes, at, 4);
    let length = view.getUint32(at + 4, littleEndian);
    if (id === 'ds64' && at + 24 <= bytes.length) longDataBytes = Number(view.getBigUint64(at + 16, littleEndian));
    if (id === 'data' && length === 0xffffffff && longDataBytes > 0) length = longDataBytes;
    chunks.push({ id, at: at + 8, bytes: length });
    const end = at + 8 + length;
    const isUnpadded = length % 2 === 1 && !isKnownAt(bytes, end + 1) && isKnownAt(bytes, end);
    at = isUnpadded ? end : end + (length % 2);
  }
  return chunks;
}

/** True where an identifier of printable letters stands, with room for a length behind it. */
export function isChunkAt(bytes: Uint8Array, at: number): boolean {
  return at + 8 <= bytes.length && /^[ -~]{4}$/.test(textAt(bytes, at, 4));
}

export function isKnownAt(bytes: Uint8Array, at: number): boolean {
  return KNOWN.has(textAt(bytes, at, 4));
}
