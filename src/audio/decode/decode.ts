import { readFile } from 'node:fs/promises';
import { messageOf, UserError } from '../../errors.js';
import { readError } from '../../io/read-file.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import { type Audio, inspectAudio, mixToMono } from './audio.js';
import { damaged, unsupported } from './broken-audio.js';
import { decodeG722 } from './g722.js';
import { fromInt16 } from './pcm.js';
import { resample } from './resample.js';
import { type Format, sniff } from './sniff.js';
import { decodeWav } from './wav.js';

export type { Audio, AudioReport } from './audio.js';
export { inspectAudio, mixToMono } from './audio.js';

const LOWEST_HZ = 4000;
const HIGHEST_HZ = 384000;

type Decoder = (bytes: Uint8Array, name: string) => Audio | Promise<Audio>;

/** A whole recording that holds nothing but silence: for some that is an answer. */
export class SilentError extends UserError {}

/** WebAssembly decoders are loaded when the first file of their format is met. */
const DECODERS: Record<Format, Decoder> = {
  wav: decodeWav,
  flac: async (bytes, name) => (await import('./flac.js')).decodeFlac(bytes, name),
  ogg: async (bytes, name) => (await import('./ogg.js')).decodeOgg(bytes, name),
  mp3: async (bytes, name) => (await import('./mp3.js')).decodeMp3(bytes, name),
  mp4: async (bytes, name) => (await import('./mp4.js')).decodeMp4(bytes, name),
  aac: async (bytes, name) => (await import('./mp4.js')).decodeAdts(bytes, name),
  g722: (bytes) => ({ sampleRateHz: SAMPLE_RATE_HZ, channels: fromInt16(decodeG722(bytes), 1) }),
};

/**
 * Decodes a recording: WAV, FLAC, Ogg (Opus, Vorbis, FLAC), MP3, M4A and AAC by content, raw 64 kbit/s G.722 by the extension
 * `.g722`.
 *
 * @throws UserError naming the file when it is missing, empty, not audio, damaged, cut short or in a format not read here.
 */
export async function decodeFile(path: string): Promise<Audio> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw readError(path, error);
  });
  return decodeBytes(bytes, path);
}

/** `decodeFile` for bytes in memory; `name` stands for the file in messages and gives the extension. */
export async function decodeBytes(bytes: Uint8Array, name: string): Promise<Audio> {
  if (bytes.length === 0) throw new UserError(`${name} is empty (0 bytes). Copy it again, or leave it out.`);
  const found = sniff(bytes, name);
  if (found === null) {
    const known = 'WAV, FLAC, Ogg Vorbis, Opus, MP3, M4A, AAC and G.722 (.g722)';
    throw new UserError(
      `${name} is not audio that voxloop knows. It reads ${known}; leave the file out or convert it.`,
    );
  }
  if ('foreign' in found) throw unsupported(name, found.foreign);
  try {
    return await DECODERS[found.format](bytes, name);
  } catch (error) {
    // A decoder that throws on bad bytes must not end a run over thousands of files.
    throw error instanceof UserError
      ? error
      : damaged(name, `the ${found.format} decoder failed (${messageOf(error)})`);
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
