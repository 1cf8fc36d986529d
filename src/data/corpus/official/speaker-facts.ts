import { readLines } from '../../../io/lines.js';

/** `f` or `m` by speaker. */
export type Genders = ReadonlyMap<string, string>;

/** `f` or `m`; null for anything else. */
export function genderOf(text: string | undefined): string | null {
  const letter = text?.trim().toLowerCase()[0];
  return letter === 'f' || letter === 'm' ? letter : null;
}

/**
 * Reads the genders of VoxCeleb's tables vox1_meta.csv (tabs) and vox2_meta.csv (commas): the columns whose titles hold `VoxCeleb` and
 * `Gender`. A table without them knows nobody.
 */
export function readVoxCelebMeta(path: string): Genders {
  const genders = new Map<string, string>();
  let columns: { id: number; gender: number } | undefined;
  for (const line of readLines(path)) {
    const fields = line.split(/[\t,]/).map((field) => field.trim());
    if (!columns) {
      const find = (title: RegExp) => fields.findIndex((field) => title.test(field));
      columns = { id: find(/^VoxCeleb/i), gender: find(/^Gender$/i) };
      continue;
    }
    const gender = genderOf(fields[columns.gender]);
    if (columns.id >= 0 && gender) genders.set(fields[columns.id], gender);
  }
  return genders;
}

/** Reads LibriSpeech's SPEAKERS.TXT: lines `id | M|F | subset | minutes | name`; `;` begins a comment. */
export function readLibriSpeakers(path: string): Genders {
  const genders = new Map<string, string>();
  for (const line of readLines(path)) {
    if (line.startsWith(';')) continue;
    const [id, sex] = line.split('|').map((field) => field.trim());
    const gender = genderOf(sex);
    if (gender) genders.set(id, gender);
  }
  return genders;
}
