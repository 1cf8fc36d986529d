import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { withFolderLock } from '../data/folder-lock.js';
import { UserError } from '../errors.js';
import { checkSameModel, type ModelIdentity } from '../eval/model-identity.js';
import { writeFileAtomic } from '../io/atomic.js';
import { openAtomic } from '../io/open-atomic.js';
import { writeError } from '../io/write-error.js';
import { dot } from '../rows.js';
import type { SpeakerModel } from './speaker-model.js';
import { speakerName } from './speaker-name.js';
import { isStore, readInfo, readStore, type Speaker, type SpeakerStore, speakerOf, vectorsOf } from './store.js';
import { journalFile, STORE_FILE, STORE_FILES, type StoreInfo, type Utterance, vectorsFile } from './store-format.js';

/** Recordings of a speaker to add; vectors are of length one. */
export interface Enrolment {
  speaker: string;
  utterances: (Utterance & { vector: Float32Array })[];
}

/** The kind of vectors in a store. */
export type StoreKind = Pick<StoreInfo, 'model' | 'space' | 'embeddingSize' | 'meanSubtracted'>;

/** The kind of vectors that a model enrols. */
export const storeKindOf = (model: SpeakerModel): StoreKind => ({
  model: model.identity,
  space: model.space(),
  embeddingSize: model.extractor.size,
  meanSubtracted: model.mean !== null,
});

/** Options of changes to a store. */
export interface ChangeOptions {
  log?: (line: string) => void;
  signal?: AbortSignal;
}

/** Cosine of the same recording, up to rounding. */
const SAME = 1 - 1e-6;

/**
 * Adds recordings to speakers of a store, which is made when there is none. Several processes may do so at once: each waits for
 * its turn; and whenever one is killed, the store holds all that was added before.
 *
 * Vectors are written behind all others, then lines of the journal that name them: a line that stands makes them count. `replace`
 * writes both files anew, so that nothing is left of the recordings that a speaker had; with `onlyNew` nobody may be enrolled yet.
 * @returns the recordings that were enrolled for their speaker already, and were not added again
 * @throws UserError naming both models for a store of another one
 */
export async function addToStore(
  dir: string,
  kind: StoreKind,
  enrolments: readonly Enrolment[],
  { replace = false, onlyNew = false, ...options }: ChangeOptions & { replace?: boolean; onlyNew?: boolean } = {},
): Promise<{ repeated: { speaker: string; file: string }[] }> {
  return withFolderLock(join(dir, 'lock'), options, async () => {
    if (!isStore(dir)) createStore(dir, kind);
    checkStoreModel(dir, readInfo(dir), kind.model);
    const store = readStore(dir);
    const named = new Set(enrolments.map(({ speaker }) => speaker));
    const known = [...named].find((name) => store.speakers.has(name));
    if (onlyNew && known !== undefined)
      throw new UserError(
        `'${known}' was enrolled in ${dir} by another process meanwhile; nothing was added. Run the command again.`,
      );
    if (replace && known !== undefined) {
      rewrite(store, named, enrolments);
      return { repeated: [] };
    }
    const { fresh, repeated } = withoutRepeated(store, enrolments);
    append(store, fresh);
    return { repeated };
  });
}

/** Removes speakers with all their vectors. @throws UserError for a name that is not enrolled; then none is removed */
export async function removeFromStore(
  dir: string,
  names: readonly string[],
  options: ChangeOptions = {},
): Promise<void> {
  readInfo(dir);
  await withFolderLock(join(dir, 'lock'), options, async () => {
    const store = readStore(dir);
    for (const name of names) speakerOf(store, name);
    rewrite(store, new Set(names), []);
  });
}

/**
 * Gives a speaker another name; a speaker who has that name already gets the recordings, too.
 * @throws UserError for a name that is not enrolled, and for one that nobody can have
 */
export async function renameSpeaker(
  dir: string,
  { from, to }: { from: string; to: string },
  options: ChangeOptions = {},
): Promise<void> {
  const name = speakerName(to);
  readInfo(dir);
  await withFolderLock(join(dir, 'lock'), options, async () => {
    const store = readStore(dir);
    const { utterances } = enrolmentOf(store, speakerOf(store, from));
    if (name !== from) rewrite(store, new Set([from]), [{ speaker: name, utterances }]);
  });
}

/** @throws UserError naming both models when a store belongs to another model */
export function checkStoreModel(dir: string, info: StoreInfo, model: ModelIdentity): void {
  checkSameModel(`The store ${dir}`, info.model, model, 'Use that model, or enrol into another store.');
}

function createStore(dir: string, kind: StoreKind): void {
  const foreign = readdirSync(dir).filter((name) => !STORE_FILES.test(name));
  if (foreign.length > 0) {
    throw new UserError(
      `${dir} is not a speaker store, and not empty: it contains ${foreign[0]}. Choose an empty or new folder.`,
    );
  }
  writeStore(dir, kind, []);
}

/** Writes the files of a new generation; store.json, which names them, last. */
function writeStore(dir: string, kind: StoreKind, enrolments: Iterable<Enrolment>): void {
  const { model, space, embeddingSize, meanSubtracted } = kind;
  const generation = randomBytes(4).toString('hex');
  const info: StoreInfo = { format: 'voxloop-speakers-1', model, space, embeddingSize, meanSubtracted, generation };
  const vectors = openAtomic(join(dir, vectorsFile(info)));
  const journal = openAtomic(join(dir, journalFile(info)));
  try {
    for (const enrolment of enrolments) {
      journal.write(lineOf(enrolment, vectors.bytes / (4 * embeddingSize)));
      for (const { vector } of enrolment.utterances) vectors.write(bytesOf(vector));
    }
    vectors.commit();
    journal.commit();
  } finally {
    vectors.discard();
    journal.discard();
  }
  writeFileAtomic(join(dir, STORE_FILE), `${JSON.stringify(info, null, 2)}\n`);
}

/** Writes a new generation without some speakers and with others appended; then deletes the old one, and every index. */
function rewrite(store: SpeakerStore, without: ReadonlySet<string>, more: readonly Enrolment[]): void {
  const { dir, info } = store;
  const kept = function* (): Generator<Enrolment> {
    for (const speaker of store.speakers.values()) if (!without.has(speaker.name)) yield enrolmentOf(store, speaker);
    yield* more;
  };
  writeStore(dir, info, kept());
  const { generation } = readInfo(dir);
  for (const name of readdirSync(dir)) {
    const old = /^(?:journal|embeddings|index)-([0-9a-f]{8})/.exec(name);
    if (old && old[1] !== generation) rmSync(join(dir, name), { force: true });
  }
}

function enrolmentOf(store: SpeakerStore, speaker: Speaker): Enrolment {
  const size = store.info.embeddingSize;
  const vectors = vectorsOf(store, [speaker]);
  const utterances = speaker.utterances.map(({ row: _, ...about }, i) => ({
    ...about,
    vector: vectors.subarray(i * size, (i + 1) * size),
  }));
  return { speaker: speaker.name, utterances };
}

/** Adds to the files of a store; overwrites what a killed process left behind their ends. */
function append({ dir, info, rows, journalBytes }: SpeakerStore, enrolments: readonly Enrolment[]): void {
  if (enrolments.length === 0) return;
  let row = rows;
  const lines: Buffer[] = [];
  const vectors: Uint8Array[] = [];
  for (const enrolment of enrolments) {
    lines.push(Buffer.from(lineOf(enrolment, row)));
    vectors.push(...enrolment.utterances.map(({ vector }) => bytesOf(vector)));
    row += enrolment.utterances.length;
  }
  writeFrom(join(dir, vectorsFile(info)), rows * info.embeddingSize * 4, Buffer.concat(vectors));
  writeFrom(join(dir, journalFile(info)), journalBytes, Buffer.concat(lines));
}

/** Writes the end of a file from a position on, and waits until it is on the disk. */
function writeFrom(path: string, position: number, data: Uint8Array): void {
  try {
    const file = openSync(path, 'r+');
    try {
      ftruncateSync(file, position);
      for (let at = 0; at < data.length; ) at += writeSync(file, data, at, data.length - at, position + at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw existsSync(path) ? writeError(path, error) : new UserError(`${path} is missing. Restore it, or enrol again.`);
  }
}

const lineOf = ({ speaker, utterances }: Enrolment, row: number): string =>
  `${JSON.stringify({ speaker, row, utterances: utterances.map(({ vector: _, ...about }) => about) })}\n`;

const bytesOf = (vector: Float32Array) => new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);

function withoutRepeated(store: SpeakerStore, enrolments: readonly Enrolment[]) {
  const known = new Map<string, Float32Array[]>();
  const knownOf = (name: string) => {
    const speaker = store.speakers.get(name);
    const there =
      known.get(name) ?? (speaker ? enrolmentOf(store, speaker).utterances.map(({ vector }) => vector) : []);
    known.set(name, there);
    return there;
  };
  const repeated: { speaker: string; file: string }[] = [];
  const fresh = enrolments.map(({ speaker, utterances }) => {
    const there = knownOf(speaker);
    const added = utterances.filter(({ file, vector }) => {
      const again = there.some((other) => dot(other, vector) >= SAME);
      if (again) repeated.push({ speaker, file });
      else there.push(vector);
      return !again;
    });
    return { speaker, utterances: added };
  });
  return { fresh: fresh.filter(({ utterances }) => utterances.length > 0), repeated };
}
