import { spawn } from 'node:child_process';
import { messageOf, shellWord, UserError } from '../../errors.js';
import { isOnPath } from '../../io/on-path.js';
import type { Audio } from './audio.js';
import { damaged } from './broken-audio.js';
import { decodeWav } from './wav/wav.js';

/**
 * Decodes the first sound track of a file in memory with the `ffmpeg` on the PATH, at its own rate and channels.
 * The file goes through a pipe that may be read back and forth, and ffmpeg may open nothing else: neither what a container
 * names, nor the network.
 *
 * @param container ffmpeg's name of the format; it guesses nothing
 * @param what the encoding for messages, where the format alone does not say it
 * @throws UserError with ffmpeg's own words when the file does not decode
 */
export async function decodeWithFfmpeg(
  bytes: Uint8Array,
  name: string,
  container: string,
  what?: string,
): Promise<Audio> {
  const limits = ['-hide_banner', '-loglevel', 'error', '-xerror', '-protocol_whitelist', 'cache,pipe'];
  const input = ['-f', container, '-i', 'cache:pipe:0', '-map', '0:a:0'];
  const { code, output, errors } = await pipeThrough(
    'ffmpeg',
    [...limits, ...input, '-c:a', 'pcm_f32le', '-f', 'wav', 'pipe:1'],
    bytes,
  ).catch((error: unknown) => {
    throw damaged(name, `ffmpeg did not run (${messageOf(error)})`);
  });
  if (code !== 0 || output.length === 0) {
    throw damaged(name, `${what ? `it holds ${what}, and ` : ''}ffmpeg says: ${lastError(errors)}`);
  }
  return decodeWav(output, name);
}

/** `decodeWithFfmpeg` where there is one. @throws UserError that asks for it where there is none */
export async function decodeForeign(bytes: Uint8Array, name: string, what: string, container: string): Promise<Audio> {
  if (isOnPath('ffmpeg')) return decodeWithFfmpeg(bytes, name, container, what);
  throw new UserError(
    `${name} holds ${what}, which voxloop reads with ffmpeg's help, and no ffmpeg is on the PATH. Install it, or convert the file: ` +
      `ffmpeg -i ${shellWord(name)} out.wav`,
  );
}

/** ffmpeg's last error; what its cache reports about pipes does not count. */
function lastError(errors: string): string {
  const lines = errors.split('\n').filter((line) => line.trim() !== '' && !/^\[cache |^ +Last message/.test(line));
  return lines.at(-1)?.trim() ?? 'nothing, but it wrote no sound';
}

function pipeThrough(
  program: string,
  args: readonly string[],
  input: Uint8Array,
): Promise<{ code: number | null; output: Uint8Array; errors: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ code, output: Buffer.concat(output), errors: Buffer.concat(errors).toString('utf8') }),
    );
    // A program that stops reading early reports it by its exit code.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}
