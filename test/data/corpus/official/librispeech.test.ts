import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { buildLibriSpeech } from '../../../../src/data/corpus/official/librispeech.js';
import { readManifest } from '../../../../src/data/manifest.js';
import { writeNoise } from '../../../helpers/corpora/made-recordings.js';
import { temporaryFolder } from '../../../helpers/temporary-folder.js';

test('LibriSpeech: subsets, genders, trials drawn among the others', async (t) => {
  const folder = temporaryFolder(t);
  const root = join(folder, 'LibriSpeech');
  for (const speaker of ['19', '26']) writeNoise(join(root, `train-clean-100/${speaker}/198/${speaker}-198-0000.wav`));
  for (const speaker of ['61', '121'])
    for (const n of [0, 1, 2]) writeNoise(join(root, `test-clean/${speaker}/70/${speaker}-70-000${n}.wav`));
  writeFileSync(
    join(root, 'SPEAKERS.TXT'),
    ';ID  |SEX| SUBSET |MINUTES| NAME\n19   | F | train-clean-100 | 25 | A\n61 | M | test-clean | 8 | B\n',
  );
  const out = join(folder, 'out');
  const summary = await buildLibriSpeech({ root, out, jobs: 1 });
  t.like(summary, { train: { utterances: 2 }, test: { utterances: 6 }, trials: 12 });
  const { utterances } = readManifest(out);
  t.deepEqual(
    utterances.slice(0, 3).map(({ id, gender, language }) => [id, gender, language]),
    [
      ['train-clean-100-19-198-0000', 'f', 'en'],
      ['train-clean-100-26-198-0000', undefined, 'en'],
      ['test-clean-121-70-0000', undefined, 'en'],
    ],
  );
});
