import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../../errors.js';
import { readKaldiScp } from '../../../io/kaldi/scp.js';
import type { AudioPart } from '../../audio-part.js';
import { decimalOf } from '../../decimal-field.js';
import { createNameTable, type NameTable } from '../../name-table.js';
import { packedRows, type Rows, rowsFrom } from '../../packed-rows.js';
import { createTextStore, type TextStore } from '../../text-store.js';
import type { ListedUtterance } from '../listed/listed-corpus.js';
import { besideList } from '../source-stamp.js';
import { entries, readColumn, readGenders, type Warn } from './kaldi-tables.js';

/** The contents of a Kaldi data folder: some 100 bytes an utterance besides the letters of its name and path. */
export interface KaldiData {
  /** Of the utterances, in the order of segments or else of wav.scp. */
  names: NameTable;
  /** In the same order, created as they are iterated. */
  utterances: Rows<ListedUtterance>;
}

/** wav.scp or feats.scp: names, and by the same number the path of a file or a command and its `|`. */
interface WavScp {
  names: NameTable;
  sounds: TextStore;
}

/** segments: names, and in the same order the number of the recording and which part of it. */
interface Segments {
  names: NameTable;
  rows: Rows<{ recording: number; part: AudioPart }>;
}

const SHOWN = 5;

/**
 * Reads a Kaldi data folder: wav.scp and, where they exist, segments, utt2spk, spk2gender and utt2lang.
 * @param options.features reads feats.scp, whose lines are utterances, in the place of wav.scp and segments
 * @param options.allowPipes whether commands in wav.scp may run
 * @param options.warn receives a sentence for each table that does not fit the others everywhere
 * @throws UserError with line numbers for broken lines and contradictions; for all pipes at once where they are not allowed; for a
 * table of other utterances only
 */
export function readKaldiData(
  dir: string,
  { allowPipes, features = false, warn }: { allowPipes: boolean; features?: boolean; warn: Warn },
): KaldiData {
  const recordings = features ? readFeatsScp(dir) : readWavScp(join(dir, 'wav.scp'), dir, allowPipes);
  const segmentsFile = join(dir, 'segments');
  const segments = !features && existsSync(segmentsFile) ? readSegments(segmentsFile, recordings.names) : null;
  const { names } = segments ?? recordings;
  const speakerOf = readColumn(join(dir, 'utt2spk'), names, warn);
  const languageOf = readColumn(join(dir, 'utt2lang'), names, warn);
  const genders = readGenders(join(dir, 'spk2gender'));
  const walk = function* (): Generator<ListedUtterance> {
    let i = 0;
    for (const { recording, part } of segments?.rows ?? wholeRecordings(recordings)) {
      const [name, speaker] = [names.at(i), speakerOf(i)];
      const gender = genders.get(speaker ?? '');
      yield { name, ...soundOf(recordings, recording, part), speaker, language: languageOf(i), gender };
      i++;
    }
  };
  return { names, utterances: rowsFrom(names.size, walk) };
}

function* wholeRecordings({ names }: WavScp): Generator<{ recording: number; part?: AudioPart }> {
  for (let recording = 0; recording < names.size; recording++) yield { recording };
}

function soundOf({ names, sounds }: WavScp, recording: number, part: AudioPart | undefined) {
  const sound = sounds.at(recording);
  if (!sound.endsWith('|')) return { path: sound, part };
  return { path: names.at(recording), part: { ...part, command: sound.slice(0, -1).trim() } };
}

function readWavScp(path: string, dir: string, allowPipes: boolean): WavScp {
  const [names, sounds] = [createNameTable(), createTextStore()];
  const pipes: number[] = [];
  for (const [number, key, rest] of entries(path)) {
    if (names.add(key) < sounds.size) throw new UserError(`${path}:${number}: the recording ${key} is named before.`);
    const isPipe = rest.endsWith('|');
    if (isPipe) pipes.push(number);
    else if (/^[|<>]|\|/.test(rest))
      throw new UserError(
        `${path}:${number}: ${JSON.stringify(rest)} is neither a file nor a command that ends in '|'.`,
      );
    sounds.push(isPipe ? rest : besideList(rest, dir));
  }
  if (names.size === 0) throw new UserError(`${path} names no recording.`);
  if (pipes.length > 0 && !allowPipes) {
    const more = pipes.length > SHOWN ? `, and ${pipes.length - SHOWN} more` : '';
    throw new UserError(
      `${path} holds ${pipes.length} command${pipes.length > 1 ? 's' : ''} to run (line ${pipes.slice(0, SHOWN).join(', ')}${more}), and data runs no ` +
        'commands here. Read them, and give --allow-pipes if you trust them all, or convert the recordings first.',
    );
  }
  return { names, sounds };
}

/** Lines `utterance archive:offset`; a command, or a part of a matrix, is refused. */
function readFeatsScp(dir: string): WavScp {
  const path = join(dir, 'feats.scp');
  const [names, sounds] = [createNameTable(), createTextStore()];
  for (const { key, path: archive, offset } of readKaldiScp(path)) {
    if (names.add(key) < sounds.size) throw new UserError(`${path}: the utterance ${key} is named twice.`);
    sounds.push(besideList(offset === 0 ? archive : `${archive}:${offset}`, dir));
  }
  if (names.size === 0) throw new UserError(`${path} names no utterance.`);
  return { names, sounds };
}

/** Lines `utterance recording start end [channel]`, in seconds; an end of -1 is the recording's. */
function readSegments(path: string, recordings: NameTable): Segments {
  const names = createNameTable();
  const rows = packedRows<{ recording: number; part: AudioPart }>();
  for (const [number, key, rest] of entries(path)) {
    const fault = (what: string) => new UserError(`${path}:${number}: ${what}.`);
    const [name, start, stop, channel, ...more] = rest.split(/\s+/);
    const [from, to] = [decimalOf(start), decimalOf(stop)];
    if (stop === undefined || more.length > 0 || Number.isNaN(from) || Number.isNaN(to))
      throw fault('expected "UTTERANCE RECORDING START END [CHANNEL]"');
    const recording = recordings.find(name);
    if (recording < 0) throw fault(`wav.scp has no recording ${name}`);
    if (names.add(key) < rows.length) throw fault(`the segment ${key} is named before`);
    if (from < 0 || (to !== -1 && to <= from)) throw fault(`a segment from ${start} to ${stop} s has no length`);
    const part: AudioPart = { seconds: { from, to: to === -1 ? null : to } };
    if (channel !== undefined && !/^(?:-1|\d{1,3})$/.test(channel))
      throw fault(`a channel is a whole number from 0, and not ${channel}`);
    if (channel !== undefined && channel !== '-1') part.channel = Number(channel);
    rows.push({ recording, part });
  }
  if (rows.length === 0)
    throw new UserError(`${path} names no segment. Remove it, if the recordings are whole utterances.`);
  return { names, rows };
}
