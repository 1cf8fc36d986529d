import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf, shellWord, UserError } from '../errors.js';
import { readError, withFile } from '../io/read-file.js';
import { didYouMean } from '../plugin/suggest.js';
import {
  type JournalLine,
  journalFile,
  journalLine,
  STORE_FILE,
  type StoreInfo,
  storeInfo,
  type Utterance,
  vectorsFile,
} from './store-format.js';

/** A speaker of a store. */
export interface Speaker {
  name: string;
  utterances: (Utterance & { row: number })[];
  /** End of the speaker's last line in the journal. */
  journalBytes: number;
}

/** A snapshot of a speaker store. */
export interface SpeakerStore {
  dir: string;
  info: StoreInfo;
  /** In the order of their first enrolment. */
  speakers: Map<string, Speaker>;
  /** Rows of the file of vectors, all of length one. */
  rows: number;
  /** Length of the journal up to its last whole line. */
  journalBytes: number;
}

const ATTEMPTS = 5;

/**
 * Reads who is enrolled.
 * @throws UserError when the folder is not a store, or a file of it is broken
 */
export const readStore = (dir: string): SpeakerStore => current(dir, (store) => store);

/** Reads a store with the vectors of some speakers, or of all: float32 [rows, size], in the order of `rows`. */
export function readStoreVectors(
  dir: string,
  choose: (store: SpeakerStore) => Iterable<Speaker> = ({ speakers }) => speakers.values(),
): { store: SpeakerStore; chosen: Speaker[]; vectors: Float32Array } {
  return current(dir, (store) => {
    const chosen = [...choose(store)];
    return { store, chosen, vectors: vectorsOf(store, chosen) };
  });
}

/** True for a folder that holds a store. */
export const isStore = (dir: string): boolean => existsSync(join(dir, STORE_FILE));

/** A speaker by name. @throws UserError that suggests the nearest name */
export function speakerOf({ dir, speakers }: SpeakerStore, name: string): Speaker {
  const speaker = speakers.get(name);
  if (speaker) return speaker;
  if (speakers.size === 0) throw noSpeakers(dir);
  const hint = didYouMean(name, speakers.keys()) || '.';
  throw new UserError(
    `No speaker '${name}' is enrolled in ${dir}${hint} \`voxloop speakers --store ${shellWord(dir)}\` lists them.`,
  );
}

export const noSpeakers = (dir: string) =>
  new UserError(`The store ${dir} is empty. Enrol a speaker with \`voxloop enroll\`.`);

/** store.json; @throws UserError when there is none or it is broken */
export function readInfo(dir: string): StoreInfo {
  const path = join(dir, STORE_FILE);
  if (!existsSync(path)) {
    const what = existsSync(dir) ? `is not a speaker store: ${STORE_FILE} is missing` : 'does not exist';
    throw new UserError(`${dir} ${what}. \`voxloop enroll\` makes a speaker store.`);
  }
  return parse(storeInfo, readFileSync(path, 'utf8'), path);
}

/** Another process may replace the files between two reads; then everything is read again. */
function current<T>(dir: string, act: (store: SpeakerStore) => T): T {
  for (let attempt = 1; ; attempt++) {
    const info = readInfo(dir);
    try {
      return act(readJournal(dir, info));
    } catch (error) {
      if (attempt === ATTEMPTS || readInfo(dir).generation === info.generation) throw error;
    }
  }
}

/** The speakers in a journal; a line without an end is one that a killed process did not finish. */
function readJournal(dir: string, info: StoreInfo): SpeakerStore {
  const path = join(dir, journalFile(info));
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw readError(path, error);
  }
  const store: SpeakerStore = { dir, info, speakers: new Map(), rows: 0, journalBytes: 0 };
  for (
    let start = 0, line = 1, end = bytes.indexOf(10);
    end >= 0;
    start = end + 1, end = bytes.indexOf(10, start), line++
  ) {
    const entry = parse(journalLine, bytes.toString('utf8', start, end), `${path}:${line}`);
    store.journalBytes = end + 1;
    addEntry(store, entry);
  }
  return store;
}

function addEntry(store: SpeakerStore, { speaker: name, row, utterances }: JournalLine): void {
  const speaker = store.speakers.get(name) ?? { name, utterances: [], journalBytes: 0 };
  for (const [i, utterance] of utterances.entries()) speaker.utterances.push({ ...utterance, row: row + i });
  speaker.journalBytes = store.journalBytes;
  store.speakers.set(name, speaker);
  store.rows = Math.max(store.rows, row + utterances.length);
}

/** The vectors of some speakers of a store, which must not change meanwhile: float32 [their rows, size]. */
export const vectorsOf = (store: SpeakerStore, speakers: Iterable<Speaker>): Float32Array =>
  readRows(
    store,
    [...speakers].flatMap(({ utterances }) => utterances.map(({ row }) => row)),
  );

function readRows({ dir, info, rows }: SpeakerStore, wanted: readonly number[]): Float32Array {
  const size = info.embeddingSize;
  return withFile(join(dir, vectorsFile(info)), (file) => {
    if (file.bytes < rows * size * 4) {
      const there = Math.floor(file.bytes / (size * 4));
      throw new UserError(
        `${file.path} is cut short: it holds ${there} of ${rows} vectors. Restore it, or enrol again.`,
      );
    }
    const vectors = new Float32Array(wanted.length * size);
    for (let i = 0; i < wanted.length; ) {
      let run = 1;
      while (wanted[i + run] === wanted[i] + run) run++;
      vectors.set(new Float32Array(file.read(wanted[i] * size * 4, run * size * 4)), i * size);
      i += run;
    }
    return vectors;
  });
}

function parse<T>(schema: z.ZodType<T>, text: string, place: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new UserError(
      `${place}: this is not part of a speaker store of this version: ${reason}. Restore it, or enrol again.`,
    );
  }
}
