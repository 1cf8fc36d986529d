import { UserError } from '../../../errors.js';
import { isOnPath } from '../../../io/on-path.js';
import type { Audio } from '../audio.js';
import { unsupported } from '../broken-audio.js';
import { decodeWithFfmpeg } from '../ffmpeg.js';
import { readAdts } from './adts.js';
import { decodeAdtsWithFaad, decodeMp4WithFaad, loadFaad } from './faad.js';
import { checkBoxes } from './mp4-boxes.js';

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
