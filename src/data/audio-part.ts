import { spawnSync } from 'node:child_process';
import { decodeBytes, decodeFile, toMono16k } from '../audio/decode/decode.js';
import { UserError } from '../errors.js';
import { withFile } from '../io/read-file.js';
import { SAMPLE_RATE_HZ } from '../sample-rate.js';
import { openParquetAudio, type ParquetRow } from './corpus/parquet/parquet-audio.js';

/** The part of a file that is an utterance. */
export interface AudioPart {
  /** The recording is a stretch of the file's bytes, such as a member of a tar archive; `name` gives its extension. */
  member?: { name: string; offset: number; bytes: number };
  /** The recording is a value of a Parquet file. */
  parquet?: ParquetRow;
  /** The recording is the output of this shell command; the path only names it. Never set without the user's consent. */
  command?: string;
  /** Number of the channel, from 0. Default: the mean of all. */
  channel?: number;
  /** Start and end of the utterance; `to` is null for the end of the recording. */
  seconds?: { from: number; to: number | null };
}

/** Kaldi's own tolerance for segments that pass the end of their recording. */
const OVERSHOOT_SECONDS = 0.5;
const LARGEST_OUTPUT = 2 ** 31 - 1;

/**
 * Decodes parts of files to 16 kHz mono in [-1, 1]. The last recording with segments is kept, so that its segments, which follow
 * one another, cost one decoding.
 * @throws UserError as `loadMono16k`; for a segment that passes the end by over half a second; for a command that fails
 */
export function openPartDecoder(): (path: string, part: AudioPart) => Promise<Float32Array> {
  let kept: { key: string; samples: Float32Array } | undefined;
  const parquet = openParquetAudio();
  return async (path, part) => {
    if (part.parquet) {
      const bytes = await parquet(path, part.parquet);
      const name = `${path}, row ${part.parquet.row}`;
      return toMono16k(await decodeBytes(bytes, name), name);
    }
    if (!part.seconds) return loadRecording(path, part);
    const { member, command, channel } = part;
    const key = JSON.stringify([path, member, command, channel]);
    if (kept?.key !== key) kept = { key, samples: await loadRecording(path, part) };
    return cut(kept.samples, part.seconds, path);
  };
}

async function loadRecording(path: string, { member, command, channel }: AudioPart): Promise<Float32Array> {
  const audio = member
    ? await decodeBytes(readMember(path, member), `${path}/${member.name}`)
    : command
      ? await decodeBytes(runPipe(command, path), path)
      : await decodeFile(path);
  if (channel === undefined) return toMono16k(audio, path);
  if (channel < audio.channels.length) return toMono16k({ ...audio, channels: [audio.channels[channel]] }, path);
  throw new UserError(`${path} has ${audio.channels.length} channels; channel ${channel} (from 0) was requested.`);
}

const readMember = (path: string, { offset, bytes }: NonNullable<AudioPart['member']>): Uint8Array =>
  withFile(path, (file) => new Uint8Array(file.read(offset, bytes)));

function runPipe(command: string, name: string): Uint8Array {
  const { status, stdout, stderr, error } = spawnSync('/bin/sh', ['-c', command], { maxBuffer: LARGEST_OUTPUT });
  if (!error && status === 0) return stdout;
  const why = error?.message ?? `it ended with code ${status}: ${stderr.toString('utf8').trim().slice(-200)}`;
  throw new UserError(`The command of ${name} failed (${JSON.stringify(command)}): ${why}`);
}

/** The samples of a segment; one that exceeds the end by a little ends there. */
function cut(samples: Float32Array, { from, to }: NonNullable<AudioPart['seconds']>, path: string): Float32Array {
  const length = samples.length / SAMPLE_RATE_HZ;
  const end = to ?? length;
  if (from >= length || end > length + OVERSHOOT_SECONDS) {
    throw new UserError(
      `past the end: the segment from ${from} to ${end} s of ${path}, which lasts ${length.toFixed(2)} s.`,
    );
  }
  const [first, last] = [from, end].map((seconds) => Math.round(seconds * SAMPLE_RATE_HZ));
  if (last <= first) throw new UserError(`too short: the segment from ${from} to ${end} s of ${path} holds no sample.`);
  return samples.slice(first, last);
}
