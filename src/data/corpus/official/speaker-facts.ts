import { UserError } from '../../../errors.js';
import { readLines } from '../../../io/lines.js';

/** `f` or `m` by speaker. */
export type Genders = ReadonlyMap<string, string>;

/** `f` or `m`; null for anything else. */
export function genderOf(text: string | undefined): string | null {
  const letter = text?.trim().toLowerCase()[0];
  return letter === 'f' || letter === 'm' ? letter : null;
}

/** A column of a published table: how it is titled, and what its fields may be. */
interface Column {
  what: string;
  title: RegExp;
  field: RegExp;
  /** True where a table without it is a table of this kind, too. */
  optional?: boolean;
}

const VOXCELEB: readonly Column[] = [
  { what: 'an identity such as id10001', title: /^VoxCeleb\d? ID$/i, field: /^id\d{5}$/ },
  { what: 'm or f', title: /^Gender$/i, field: /^[mf]$/i },
  { what: 'dev or test', title: /^Set$/i, field: /^(dev|test)$/i, optional: true },
];

/**
 * Reads the genders of VoxCeleb's tables vox1_meta.csv (tabs) and vox2_meta.csv (commas), by their titles.
 * @throws UserError with the line for missing titles or fields, for fields that are not what their titles say, and for repeated identities
 */
export function readVoxCelebMeta(path: string): Genders {
  const genders = new Map<string, string>();
  let titles: string[] | undefined;
  let places: number[] = [];
  for (const [line, text] of numbered(path)) {
    const fields = text.split(/[\t,]/).map((field) => field.trim());
    if (!titles) {
      titles = fields;
      places = VOXCELEB.map(({ title }) => fields.findIndex((field) => title.test(field)));
      if (VOXCELEB.some(({ optional }, i) => !optional && places[i] < 0))
        throw fault(path, line, 'the titles "VoxCeleb1 ID" (or 2) and "Gender"', text);
      continue;
    }
    if (fields.length !== titles.length) throw fault(path, line, `${titles.length} fields, as there are titles`, text);
    VOXCELEB.forEach(({ what, field }, i) => {
      if (places[i] >= 0 && !field.test(fields[places[i]])) throw fault(path, line, what, fields[places[i]]);
    });
    add(genders, fields[places[0]], fields[places[1]], `${path}:${line}`);
  }
  return genders;
}

/** LibriSpeech's fields in their order; the last one, the name, may hold a `|` itself. */
const LIBRI: readonly Pick<Column, 'what' | 'field'>[] = [
  { what: 'the number of a reader', field: /^\d{1,6}$/ },
  { what: 'M or F', field: /^[MF]$/i },
  { what: 'the name of a subset, such as train-clean-100', field: /^(train|dev|test)-(clean|other)(-\d+)?$/ },
  { what: 'minutes, such as 25.03', field: /^\d{1,4}(\.\d+)?$/ },
];

/**
 * Reads LibriSpeech's SPEAKERS.TXT: lines `id | M|F | subset | minutes | name`; `;` begins a comment.
 * @throws UserError with the line for missing fields, for fields that are not what they should be, and for repeated readers
 */
export function readLibriSpeakers(path: string): Genders {
  const genders = new Map<string, string>();
  for (const [line, text] of numbered(path)) {
    if (text.startsWith(';')) continue;
    const fields = text.split('|').map((field) => field.trim());
    if (fields.length <= LIBRI.length)
      throw fault(path, line, 'five fields (reader | sex | subset | minutes | name)', text);
    LIBRI.forEach(({ what, field }, i) => {
      if (!field.test(fields[i])) throw fault(path, line, what, fields[i]);
    });
    add(genders, fields[0], fields[1], `${path}:${line}`);
  }
  return genders;
}

/** Lines with their numbers, from 1; blank ones are left out. */
function* numbered(path: string): Generator<[number: number, text: string]> {
  let number = 0;
  for (const text of readLines(path)) {
    number++;
    if (text.trim() !== '') yield [number, text];
  }
}

function add(genders: Map<string, string>, speaker: string, gender: string, at: string): void {
  if (genders.has(speaker))
    throw new UserError(`${at}: ${speaker} stands in the table twice. Remove one of the lines.`);
  genders.set(speaker, gender.toLowerCase());
}

const fault = (path: string, line: number, expected: string, found: string): UserError =>
  new UserError(
    `${path}:${line}: expected ${expected}, found ${JSON.stringify(found.slice(0, 80))}. ` +
      'Correct the line, download the table again, or move it away: genders are then unknown.',
  );
