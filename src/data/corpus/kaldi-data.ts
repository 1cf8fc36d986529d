import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { UserError } from '../../errors.js';
import { readLines } from '../../io/lines.js';
import type { AudioPart } from '../audio-part.js';

/** A Kaldi data folder, read. */
export interface KaldiData {
  recordings: Map<string, KaldiRecording>;
  /** By utterance; null: every recording is one utterance. */
  segments: Map<string, { recording: string; part: AudioPart }> | null;
  speakers: Map<string, string>;
  genders: Map<string, string>;
  languages: Map<string, string>;
}

/** Where a recording is: a file, or a command that writes it. */
export interface KaldiRecording {
  path: string;
  command?: string;
}

const SHOWN = 5;

/**
 * Reads a Kaldi data folder: wav.scp and, where they are there, segments, utt2spk, spk2gender and utt2lang.
 * @param allowPipes whether commands in wav.scp may run
 * @throws UserError with line numbers for broken lines; for all pipes at once where they are not allowed
 */
export function readKaldiData(dir: string, allowPipes: boolean): KaldiData {
  const recordings = readWavScp(join(dir, 'wav.scp'), dir, allowPipes);
  const table = (name: string) => {
    const path = join(dir, name);
    return existsSync(path) ? readTable(path) : new Map<string, string>();
  };
  const segmentsFile = join(dir, 'segments');
  const segments = existsSync(segmentsFile) ? readSegments(segmentsFile, recordings) : null;
  return {
    recordings,
    segments,
    speakers: table('utt2spk'),
    genders: table('spk2gender'),
    languages: table('utt2lang'),
  };
}

function readWavScp(path: string, dir: string, allowPipes: boolean): Map<string, KaldiRecording> {
  const recordings = new Map<string, KaldiRecording>();
  const pipes: number[] = [];
  for (const [number, key, rest] of entries(path)) {
    if (recordings.has(key)) throw new UserError(`${path}:${number}: the recording ${key} is named before.`);
    const command = rest.endsWith('|') ? rest.slice(0, -1).trim() : undefined;
    if (command !== undefined) pipes.push(number);
    else if (/^[|<>]|\|/.test(rest))
      throw new UserError(
        `${path}:${number}: ${JSON.stringify(rest)} is neither a file nor a command that ends in '|'.`,
      );
    if (command !== undefined) recordings.set(key, { path: key, command });
    else recordings.set(key, { path: isAbsolute(rest) || existsSync(rest) ? rest : join(dir, rest) });
  }
  if (recordings.size === 0) throw new UserError(`${path} names no recording.`);
  if (pipes.length > 0 && !allowPipes) {
    const more = pipes.length > SHOWN ? `, and ${pipes.length - SHOWN} more` : '';
    throw new UserError(
      `${path} holds ${pipes.length} command${pipes.length > 1 ? 's' : ''} to run (line ${pipes.slice(0, SHOWN).join(', ')}${more}), and data runs no ` +
        'commands here. Read them, and give --allow-pipes if you trust them all, or convert the recordings first.',
    );
  }
  return recordings;
}

/** Lines `utterance recording start end [channel]`, in seconds; an end of -1 is the recording's. */
function readSegments(path: string, recordings: ReadonlyMap<string, KaldiRecording>): KaldiData['segments'] {
  const segments = new Map<string, { recording: string; part: AudioPart }>();
  for (const [number, key, rest] of entries(path)) {
    const fault = (what: string) => new UserError(`${path}:${number}: ${what}.`);
    const [recording, start, stop, channel, ...more] = rest.split(/\s+/);
    const [from, to] = [Number(start), Number(stop)];
    if (stop === undefined || more.length > 0 || !Number.isFinite(from) || !Number.isFinite(to))
      throw fault('expected "UTTERANCE RECORDING START END [CHANNEL]"');
    if (!recordings.has(recording)) throw fault(`wav.scp has no recording ${recording}`);
    if (segments.has(key)) throw fault(`the segment ${key} is named before`);
    if (from < 0 || (to !== -1 && to <= from)) throw fault(`a segment from ${start} to ${stop} s has no length`);
    const part: AudioPart = { seconds: { from, to: to === -1 ? null : to } };
    if (channel !== undefined) part.channel = Number(channel);
    segments.set(key, { recording, part });
  }
  return segments;
}

const readTable = (path: string): Map<string, string> => {
  const table = new Map<string, string>();
  for (const [, key, value] of entries(path)) table.set(key, value);
  return table;
};

/** Lines `key value...` with their numbers. */
function* entries(path: string): Generator<[number, string, string]> {
  let number = 0;
  for (const line of readLines(path)) {
    number++;
    if (line.trim() === '') continue;
    const match = /^\s*(\S+)\s+(.*\S)\s*$/.exec(line);
    if (!match)
      throw new UserError(`${path}:${number}: expected a name and a value, got ${JSON.stringify(line.slice(0, 80))}.`);
    yield [number, match[1], match[2]];
  }
}
