import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { openShards } from '../../../src/data/shards/shards.js';
import { readRows, SHARD_ROWS, shardsOf, writeShard } from '../../../src/data/stored-rows.js';
import { UserError } from '../../../src/errors.js';
import { floatToHalf, halfToFloat } from '../../../src/float-types.js';
import { readNpy } from '../../../src/io/npy.js';
import { inRecordOrder, rowsOfTeacher } from '../../../src/stages/teacher-outputs/outputs-result.js';
import { voiceCorpus } from '../../helpers/corpora/voices.js';
import { normals } from '../../helpers/random-values.js';
import { artifactAt, checkStage, newRegistry, runStage } from '../../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { BINS } from '../../helpers/training/small-training.js';

const registry = newRegistry();

test('rows come back as float16 holds them, from whichever shard; a shard that is cut short is named', (t) => {
  const stored = { dir: temporaryFolder(t), name: 'teacher1', rows: SHARD_ROWS + 3, size: 2 };
  const values = Float32Array.from(normals(stored.rows * 2, 'rows', 3));
  for (const { shard, from, count } of shardsOf(stored))
    writeShard(stored, shard, values.slice(2 * from, 2 * (from + count)), '');
  const numbers = [SHARD_ROWS + 2, 0, SHARD_ROWS - 1, SHARD_ROWS + 2];
  const expected = numbers.flatMap((row) =>
    [values[2 * row], values[2 * row + 1]].map((x) => halfToFloat(floatToHalf(x))),
  );
  t.deepEqual([...readRows(stored, numbers)], expected);
  const longer = { ...stored, rows: SHARD_ROWS + 4 };
  t.throws(() => readRows(longer, [SHARD_ROWS]), {
    instanceOf: UserError,
    message: /teacher1-00001\.f16 is cut short: it has 12 bytes/,
  });
  t.throws(() => writeShard(stored, 1, Float32Array.of(1, 2, 1e5, 0, 0, 0), 'Take others.'), {
    instanceOf: UserError,
    message: new RegExp(`utterance ${SHARD_ROWS + 1} .* is 100000, and float16 holds up to 65504\\. Take others\\.`),
  });
});

test('teachers are numbered in the order in which their record comes back, also where names are whole numbers', (t) => {
  const names = ['net', '10', '9', 'a'];
  const record = JSON.parse(JSON.stringify(Object.fromEntries(names.map((name) => [name, {}]))));
  t.deepEqual(inRecordOrder(names), Object.keys(record));
  t.deepEqual(inRecordOrder(names), ['9', '10', 'net', 'a']);
});

test('outputs are those of embed, for whole utterances; what a kill leaves is gone on with, to the same bytes', async (t) => {
  const root = temporaryFolder(t);
  const corpusDir = join(root, 'corpus');
  await voiceCorpus(
    corpusDir,
    Array.from({ length: 7 }, (_, i) => 6500 + 700 * i),
  );
  const corpus = artifactAt(corpusDir, 'corpus', { path: null });
  const made = { registry, artifacts: { corpus } };
  const clusters = await runStage({
    ...made,
    stage: 'labels',
    dir: join(root, 'labels'),
    options: { corpus: 'corpus' },
  });
  const teacher = (name: string, backbone: Record<string, unknown>) =>
    runStage({
      ...made,
      artifacts: { corpus, clusters },
      stage: 'finetune',
      dir: join(root, name),
      options: {
        corpus: 'corpus',
        clusters: 'clusters',
        cropSeconds: 0.4,
        batchSize: 4,
        steps: 1,
        rate: { peak: 0.01 },
        backbone,
        features: { bins: BINS },
      },
    });
  const small = { width: 8, embeddingSize: 6 };
  const artifacts = {
    corpus,
    'model-a': await teacher('a', { name: 'xvector', ...small }),
    'model-b': await teacher('b', { name: 'xvector', ...small, width: 12 }),
  };
  const options = { corpus: 'corpus', teachers: ['model-a', 'model-b'], layers: ['segment1', 'embedding'] };
  const attempt = { registry, artifacts, stage: 'teacher-outputs', options };
  const whole = await runStage({ ...attempt, dir: join(root, 'whole') });
  const embedded = await runStage({
    ...attempt,
    stage: 'embed',
    dir: join(root, 'embedded'),
    options: { corpus: 'corpus', model: 'model-b' },
  });
  const { shape, data } = readNpy(join(embedded.dir, 'train.npy'));
  const utterances = openShards(join(corpusDir, 'shards/train')).ids.length;
  t.deepEqual(shape, [utterances, 6]);
  const rows = rowsOfTeacher(whole, 2, { utterances, layers: { segment1: 6, embedding: 6 } });
  const all = readRows(
    rows,
    Array.from({ length: utterances }, (_, i) => i),
  );
  const stored = all.filter((_, i) => i % 12 >= 6);
  const halves = Array.from(data as Float32Array, (value) => halfToFloat(floatToHalf(value)));
  t.deepEqual([...stored], halves);

  const dir = join(root, 'killed');
  await runStage({ ...attempt, dir });
  rmSync(join(dir, 'teacher2-00000.f16'));
  const resumed = await runStage({ ...attempt, dir, resume: true });
  t.deepEqual(resumed.result, whole.result);
  for (const file of ['teacher1-00000.f16', 'teacher2-00000.f16'])
    t.true(readFileSync(join(dir, file)).equals(readFileSync(join(whole.dir, file))), file);

  const refused = (layers: string[], message: RegExp) =>
    t.throwsAsync(runStage({ ...attempt, options: { ...options, layers }, dir: join(root, 'refused') }), {
      instanceOf: UserError,
      message,
    });
  await refused(['segmet1'], /teacher 'model-a' has no layer 'segmet1'; did you mean 'segment1'/);
  await refused(['frame3'], /'frame3' of teacher 'model-a' has a vector for every frame/);
  t.regex(
    (await checkStage({ ...attempt, options: { ...options, teachers: ['model-a', 'model-a'] } })).join(' '),
    /stands there twice/,
  );
});
