import { UserError } from '../../errors.js';
import { isOnPath } from '../../io/on-path.js';
import { readAdts } from './adts.js';
import type { Audio } from './audio.js';
import { damaged, unsupported } from './broken-audio.js';
import { decodeAdtsWithFaad, decodeMp4WithFaad, loadFaad } from './faad.js';
import { decodeWithFfmpeg } from './ffmpeg.js';
import { textAt } from './file-start.js';

/**
 * Decodes the sound of an MP4 file (m4a: AAC), the format of VoxCeleb2: with FAAD2 in WebAssembly where the package
 * `@audio/decode-aac` is installed, which runs in this thread and so is many times faster on short clips; else with `ffmpeg` on the PATH.
 *
 * @throws UserError when the file is cut short, does not decode, or neither decoder is there
 */
export async function decodeMp4(bytes: Uint8Array, name: string): Promise<Audio> {
  checkBoxes(bytes, name);
  const faad = await loadFaad();
  const decoded = faad && (await decodeMp4WithFaad(faad, bytes, name));
  if (decoded) return decoded;
  if (isOnPath('ffmpeg')) return decodeWithFfmpeg(bytes, name, 'mov');
  if (faad) throw unsupported(name, 'an MP4 file in pieces, or with other sound than AAC and Apple Lossless');
  throw noDecoder(name);
}

/** Decodes raw AAC in ADTS frames, as `decodeMp4` does. @throws UserError as `readAdts`, too */
export async function decodeAdts(bytes: Uint8Array, name: string): Promise<Audio> {
  const stream = readAdts(bytes, name);
  const faad = await loadFaad();
  const decoded = faad && (await decodeAdtsWithFaad(faad, bytes, stream, name));
  if (decoded) return decoded;
  if (isOnPath('ffmpeg')) return decodeWithFfmpeg(bytes, name, 'aac');
  if (faad) throw unsupported(name, 'AAC with several blocks a frame');
  throw noDecoder(name);
}

const noDecoder = (name: string): UserError =>
  new UserError(
    `${name} holds AAC sound, and there is no decoder for it. Install ffmpeg so that it is on the PATH, or run ` +
      '`npm install @audio/decode-aac` beside voxloop.',
  );

const BOX_HEADER_BYTES = 8;

/**
 * Walks the outermost boxes (ISO/IEC 14496-12, section 4.2): each states its length, so a file that was cut short shows
 * before a decoder takes the rest for sound.
 */
function checkBoxes(bytes: Uint8Array, name: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = new Set<string>();
  for (let at = 0; at < bytes.length; ) {
    if (at + BOX_HEADER_BYTES > bytes.length) throw cutInBox(name, 'a box', BOX_HEADER_BYTES, bytes.length - at);
    const type = textAt(bytes, at + 4, 4);
    const length = boxLength(view, at);
    if (length < BOX_HEADER_BYTES) throw damaged(name, `its box '${type}' states a length of ${length} bytes`);
    if (at + length > bytes.length) throw cutInBox(name, `its box '${type}'`, length, bytes.length - at);
    found.add(type);
    at += length;
  }
  const missing = ['moov', 'mdat'].find((type) => !found.has(type));
  if (missing) throw damaged(name, `it is cut short or was never finished: it has no box '${missing}'`);
}

/** The stated length with the header; 1 stands for a 64-bit length behind the type, 0 for the rest of the file. */
function boxLength(view: DataView, at: number): number {
  const length = view.getUint32(at);
  if (length === 0) return view.byteLength - at;
  if (length !== 1 || at + 16 > view.byteLength) return length;
  return Number(view.getBigUint64(at + 8));
}

const cutInBox = (name: string, box: string, stated: number, there: number): UserError =>
  new UserError(
    `${name} is cut short: ${box} takes ${stated} bytes, ${there} are there. Copy or download it again, or leave it out.`,
  );
