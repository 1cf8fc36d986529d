/**
 * Decodes thousands of recordings in every format and holds the samples against libsndfile's and ffmpeg's, sample by sample.
 * Usage: node dist/bench/scale/decoders.js RECORDINGS WORK [COUNT], with a folder of recordings and one for the files made of them (some GB).
 * PYTHON names a Python with numpy, scipy and soundfile; ffmpeg, lame and opusdec are on the PATH. Prints a table; faults go to stderr.
 */

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeFile } from '../../src/audio/decode/decode.js';
import { messageOf, UserError } from '../../src/errors.js';

const [recordings, work, count = '3300'] = process.argv.slice(2);
const script = join(import.meta.dirname, '../../../bench/scale/decoders_oracle.py');

function python(...args: string[]): void {
  const { status } = spawnSync(process.env.PYTHON ?? 'python3', [script, ...args], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`decoders_oracle.py ${args[0]} failed`);
}

function interleaved(channels: Float32Array[]): Float32Array {
  const samples = new Float32Array(channels.length * channels[0].length);
  channels.forEach((channel, c) => {
    for (let i = 0; i < channel.length; i++) samples[i * channels.length + c] = channel[i];
  });
  return samples;
}

/** The number of channels and where the samples lie; 0 and the message for a file that is refused. */
async function decoded(path: string): Promise<string> {
  try {
    const { channels } = await decodeFile(path);
    writeFileSync(`${path}.f32`, interleaved(channels));
    return `${channels.length}\t${path}.f32`;
  } catch (error) {
    return `0\t${error instanceof UserError ? '' : 'FAULT OF OURS '}${messageOf(error).replaceAll(/\s+/g, ' ')}`;
  }
}

python('encode', recordings, work, count);
const rows: string[] = [];
for (const line of readFileSync(join(work, 'files.tsv'), 'utf8').trimEnd().split('\n')) {
  rows.push(`${line}\t${await decoded(line.split('\t')[0])}\n`);
}
writeFileSync(join(work, 'decoded.tsv'), rows.join(''));
python('compare', work);
