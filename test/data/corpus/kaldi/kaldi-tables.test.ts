import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readKaldiData } from '../../../../src/data/corpus/kaldi/kaldi-data.js';
import { UserError } from '../../../../src/errors.js';
import { temporaryFolder } from '../../../helpers/temporary-folder.js';

/** A data folder of two recordings with these tables, read. */
function read(t: ExecutionContext, tables: Record<string, string>) {
  const folder = temporaryFolder(t, { 'wav.scp': 'u1 a.wav\nu2 b.wav\n', ...tables });
  const warnings: string[] = [];
  const data = readKaldiData(folder, {
    allowPipes: false,
    warn: (warning) => warnings.push(warning.replaceAll(`${folder}/`, '')),
  });
  return { folder, warnings, utterances: [...data.utterances] };
}

test('a table that contradicts itself, or has other values than it may, is refused with its line', (t) => {
  for (const [tables, message] of [
    [{ utt2spk: 'u1 anna\nu2 ben\nu1 ben\n' }, /utt2spk:3: u1 has the value ben here and anna on an earlier line/],
    [{ utt2spk: 'u1 anna extra\n' }, /utt2spk:1: expected two words/],
    [{ utt2lang: 'u1 en\nu1 de\n' }, /utt2lang:2: u1 has the value de here and en/],
    [{ spk2gender: 'anna f\nanna m\n' }, /spk2gender:2: anna has the value m here and f/],
    [{ spk2gender: 'anna 3\n' }, /spk2gender:1: a gender is f, m or unknown, and not "3"/],
    [{ segments: 's1 u1 0 0x10\n' }, /segments:1: expected "UTTERANCE RECORDING START END/],
    [{ segments: 's1 u1 0 inf\n' }, /segments:1: expected "UTTERANCE RECORDING START END/],
    [{ segments: 's1 u1 0 1 left\n' }, /segments:1: a channel is a whole number from 0, and not left/],
    [{ segments: 's1 u1 0 1 -2\n' }, /segments:1: a channel is a whole number from 0, and not -2/],
    [{ utt2spk: 'x-u1 anna\nx-u2 ben\n' }, /utt2spk names none of the 2 utterances: it begins with x-u1, .* with u1/],
    [{ utt2spk: '\n' }, /utt2spk names none of the 2 utterances/],
  ] as const)
    t.throws(() => read(t, tables), { instanceOf: UserError, message }, JSON.stringify(tables));
});

test('the same line twice is one; what a table leaves out or names in addition is told', (t) => {
  const { warnings, utterances } = read(t, {
    utt2spk: 'u1 anna\nu1 anna\nu9 eva\nu8 eva\n',
    spk2gender: 'anna F\nben unknown\n',
  });
  t.deepEqual(
    utterances.map(({ speaker, gender }) => [speaker, gender]),
    [
      ['anna', 'F'],
      [null, undefined],
    ],
  );
  t.deepEqual(warnings, [
    'utt2spk: 1 of 2 utterances have no line, the first of them u2.',
    'utt2spk: 2 lines name utterances that are not there, the first of them u9.',
  ]);
  t.deepEqual(read(t, { utt2spk: 'u1 anna\nu2 ben\n' }).warnings, []);
});

test('a channel of -1 is none; an archive is looked up beside its table', (t) => {
  const { folder, utterances } = read(t, {
    segments: 's1 u1 0 1 -1\ns2 u1 1 2 1\n',
    'wav.scp': 'u1 wav.ark:17\n',
    'wav.ark': '',
  });
  t.deepEqual(
    utterances.map(({ path, part }) => [path, part?.channel]),
    [
      [join(folder, 'wav.ark:17'), undefined],
      [join(folder, 'wav.ark:17'), 1],
    ],
  );
});
