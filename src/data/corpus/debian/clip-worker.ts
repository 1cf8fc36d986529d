import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { loadMono16k } from '../../../audio/decode/decode.js';
import { serveTasks } from '../../worker-pool.js';
import { limitPeak } from '../channel.js';
import { trimSilence } from '../trim.js';
import { mendOgg } from './mend-ogg.js';

/** A decoded clip. */
export interface DecodedClip {
  /** 16 kHz mono in [-1, 1], silence trimmed. */
  samples: Float32Array<ArrayBuffer>;
  /** Of the audio before trimming: equal for files that differ in nothing but their container. */
  hash: string;
}

/** Takes the path of a file that was unpacked for this build: it may be mended in place. */
serveTasks<string, DecodedClip>(async (path) => {
  if (path.endsWith('.ogg')) {
    const bytes = readFileSync(path);
    const mended = mendOgg(bytes);
    if (mended !== bytes) writeFileSync(path, mended);
  }
  const decoded = await loadMono16k(path);
  const hash = createHash('sha256').update(new Uint8Array(decoded.buffer, decoded.byteOffset, decoded.byteLength));
  // Lossy decoders return what passed full scale before encoding; as 16 bits it would be cut off.
  const samples = Float32Array.from(trimSilence(limitPeak(decoded)));
  return { result: { samples, hash: hash.digest('hex') }, transfer: [samples.buffer] };
});
