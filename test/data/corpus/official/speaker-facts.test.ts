import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { readLibriSpeakers, readVoxCelebMeta } from '../../../../src/data/corpus/official/speaker-facts.js';
import { UserError } from '../../../../src/errors.js';
import { temporaryFolder } from '../../../helpers/temporary-folder.js';

const VOX1 = 'VoxCeleb1 ID\tVGGFace1 ID\tGender\tNationality\tSet\n';
const VOX2 = 'VoxCeleb2 ID ,VGGFace2 ID ,Gender ,Set\n';

test("the tables of both VoxCelebs and LibriSpeech, whose readers' names may hold the separator", (t) => {
  const file = join(temporaryFolder(t), 'table');
  const read = (reader: typeof readLibriSpeakers, text: string) => {
    writeFileSync(file, text);
    return [...reader(file)];
  };
  t.deepEqual(read(readVoxCelebMeta, `${VOX1}id10001\tA.J._Buckley\tm\tIreland\tdev\r\nid10270\tB\tf\tUSA\ttest\n\n`), [
    ['id10001', 'm'],
    ['id10270', 'f'],
  ]);
  t.deepEqual(read(readVoxCelebMeta, `${VOX2}id00012 ,n000012 ,m ,dev\n`), [['id00012', 'm']]);
  t.deepEqual(
    read(
      readLibriSpeakers,
      '; a comment | of | any | kind\n14 | F | train-clean-360 | 25.03 | A\n60 | M | train-clean-100 | 20.18 | |CBW|Simon\n',
    ),
    [
      ['14', 'f'],
      ['60', 'm'],
    ],
  );
});

test('a field of another kind is refused, with its line, what it should be and what it is', (t) => {
  const file = join(temporaryFolder(t), 'table');
  const refuses = (reader: typeof readLibriSpeakers, text: string, message: RegExp) => {
    writeFileSync(file, text);
    t.throws(() => reader(file), { instanceOf: UserError, message }, text);
  };
  const vox = (line: string, message: RegExp) =>
    refuses(readVoxCelebMeta, `${VOX1}id10001\tA\tm\tIreland\tdev\n${line}`, message);
  refuses(readVoxCelebMeta, 'id10001\tA\tm\tIreland\tdev\n', /table:1: expected the titles .*found "id10001/);
  vox(
    'id1\tA\tm\tIreland\tdev',
    /table:3: expected an identity such as id10001, found "id1"\. .*genders are then unknown/,
  );
  vox('id10002\tA\tmale\tIreland\tdev', /table:3: expected m or f, found "male"/);
  vox('id10002\tA\tm\tIreland\tall', /table:3: expected dev or test, found "all"/);
  vox('id10002\tA\tm\tIreland', /table:3: expected 5 fields/);
  vox('id10001\tA\tm\tIreland\tdev', /table:3: id10001 stands in the table twice/);
  const libri = (line: string, message: RegExp) => refuses(readLibriSpeakers, `;ID | SEX\n\n${line}`, message);
  libri('14 | F | train-clean-360 | 25.03', /table:3: expected five fields/);
  libri('x14 | F | train-clean-360 | 25.03 | A', /table:3: expected the number of a reader, found "x14"/);
  libri('14 | W | train-clean-360 | 25.03 | A', /table:3: expected M or F, found "W"/);
  libri('14 | F | training | 25.03 | A', /table:3: expected the name of a subset.* found "training"/);
  libri('14 | F | test-other | 25,03 | A', /table:3: expected minutes, such as 25\.03, found "25,03"/);
  libri('14 | F | test-other | -1 | A', /table:3: expected minutes/);
});
