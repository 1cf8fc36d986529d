import { readFile } from 'node:fs/promises';
import { messageOf, UserError } from '../../errors.js';
import { archivePlace } from '../../io/archive-place.js';
import { readError } from '../../io/read-file.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import { readArchivedRecording } from './archived-recording.js';
import { type Audio, inspectAudio, mixToMono } from './audio.js';
import { damaged, UnsupportedSound, unsupported } from './broken-audio.js';
import { decodeForeign } from './ffmpeg.js';
import { endOfId3 } from './file-start.js';
import { formatNames, recognise } from './formats.js';
import { resample } from './resample.js';

export type { Audio, AudioReport } from './audio.js';
export { inspectAudio, mixToMono } from './audio.js';

const LOWEST_HZ = 4000;
const HIGHEST_HZ = 384000;

/** Thrown for a recording of nothing but silence; callers for whom that is an answer catch it. */
export class SilentError extends UserError {}

/**
 * Decodes a recording: by content whatever has a header (`formats.ts` lists them), raw 64 kbit/s G.722 by the extension `.g722`. A path `wav.ark:OFFSET` names a recording in a Kaldi archive.
 *
 * @throws UserError naming the file when it is missing, empty, not audio, damaged, cut short or in a format not read here.
 */
export async function decodeFile(path: string): Promise<Audio> {
  const place = archivePlace(path);
  if (place) return decodeBytes(readArchivedRecording(place), path);
  const bytes = await readFile(path).catch((error: unknown) => {
    throw readError(path, error);
  });
  return decodeBytes(bytes, path);
}

/** `decodeFile` for bytes in memory; `name` stands for the file in messages and gives the extension. */
export async function decodeBytes(bytes: Uint8Array, name: string): Promise<Audio> {
  if (bytes.length === 0) throw new UserError(`${name} is empty (0 bytes). Copy it again, or leave it out.`);
  const format = recognise(bytes, name);
  if (format === null) {
    throw new UserError(
      `${name} is not audio that voxloop knows. It reads ${formatNames}; leave the file out or convert it.`,
    );
  }
  if ('unreadable' in format) throw unsupported(name, format.unreadable);
  const sound = bytes.subarray(endOfId3(bytes));
  try {
    const decode = await format.load();
    return await decode(sound, name);
  } catch (error) {
    if (error instanceof UnsupportedSound && format.ffmpeg)
      return decodeForeign(sound, name, error.what, format.ffmpeg);
    // A decoder that throws on bad bytes must not end a run over thousands of files.
    throw error instanceof UserError
      ? error
      : damaged(name, `the decoder of ${format.name} failed (${messageOf(error)})`);
  }
}

/**
 * Decodes a recording, averages its channels and brings it to 16 kHz.
 *
 * @returns the samples, nominally in [-1, 1]
 * @throws UserError as `decodeFile`, and when there are no samples, some are not finite, all are equal (a SilentError), or the
 * sampling rate lies outside 4 to 384 kHz.
 */
export async function loadMono16k(path: string): Promise<Float32Array> {
  return toMono16k(await decodeFile(path), path);
}

/** `loadMono16k` for sound that is decoded already; `path` stands for it in messages. */
export function toMono16k({ sampleRateHz, channels }: Audio, path: string): Float32Array {
  const mono = mixToMono(channels);
  if (mono.length === 0) throw new UserError(`${path} holds no samples. Leave it out, or record it again.`);
  const { nan, silent } = inspectAudio(mono);
  if (nan) throw new UserError(`${path} holds samples that are not finite numbers (NaN or infinity). Export it again.`);
  if (silent) throw new SilentError(`${path} holds only silence: all its samples are equal. Leave it out.`);
  if (sampleRateHz < LOWEST_HZ || sampleRateHz > HIGHEST_HZ) {
    const range = `${LOWEST_HZ} to ${HIGHEST_HZ} Hz`;
    throw new UserError(`${path} has a sampling rate of ${sampleRateHz} Hz; ${range} can be used. Convert it first.`);
  }
  return resample(mono, sampleRateHz, SAMPLE_RATE_HZ);
}
