import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { readModel } from '../../../src/embed/model-file.js';
import { writeNpy } from '../../../src/io/npy.js';
import { voiceCorpus } from '../../helpers/corpora/voices.js';
import { normals } from '../../helpers/random-values.js';
import { artifactAt, checkStage, newRegistry, runStage } from '../../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { BINS } from '../../helpers/training/small-training.js';

const registry = newRegistry();
const SIZE = 5;

test('a student learns the drawn faces of its speakers; utterances without one are left out; resumed, the same bytes', async (t) => {
  const dir = temporaryFolder(t);
  const corpusDir = join(dir, 'corpus');
  await voiceCorpus(corpusDir, Array(16).fill(7000));
  const corpus = artifactAt(corpusDir, 'corpus', { path: null });
  const vectors = join(dir, 'faces.npy');
  // Twelve of the sixteen; speakers are every fourth utterance.
  const names = Array.from({ length: 12 }, (_, i) => `utterance-${i}`);
  const own = normals(4 * SIZE, 'faces');
  const faces = new Float32Array(12 * SIZE).map((_, i) => own[(Math.floor(i / SIZE) % 4) * SIZE + (i % SIZE)]);
  writeNpy(vectors, [12, SIZE], faces);
  writeFileSync(join(dir, 'faces.tsv'), `name\n${names.join('\n')}\n`);
  const options = {
    corpus: 'corpus',
    vectors,
    backbone: { name: 'tdnn', width: 8, embeddingSize: 6 },
    features: { bins: BINS },
    cropSeconds: 0.4,
    batchSize: 6,
    steps: 60,
    checkpointSeconds: 0.001,
    optimizer: { name: 'adam' },
    rate: { peak: 0.02 },
  };
  const logged: string[] = [];
  const attempt = { registry, stage: 'distill', options, artifacts: { corpus } };
  const whole = join(dir, 'whole');
  const { result } = await runStage({ ...attempt, dir: whole, log: (line) => logged.push(line) });
  t.true(logged.includes('vectors: 12 of 16 training utterances have one; the others are left out'));
  t.like(result, { networks: ['network'], embeddingSize: 6, teacherParameters: 0 });
  const losses = readFileSync(join(whole, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { loss: number }).loss);
  t.true(losses[losses.length - 1] < 0.5 * losses[0], `${losses[0]} to ${losses[losses.length - 1]}`);
  const model = readModel(join(whole, 'models', 'network'));
  t.is(model.info.origin, 'student of given vectors');
  t.is(model.info.space, undefined);
  const parts = join(dir, 'parts');
  await t.throwsAsync(runStage({ ...attempt, dir: parts, stopAt: 20 }), { message: 'stopped' });
  await runStage({ ...attempt, dir: parts, resume: true });
  const file = join('models', 'network', 'model.safetensors');
  t.deepEqual(readFileSync(join(parts, file)), readFileSync(join(whole, file)));

  const faults = async (chosen: object) => checkStage({ ...attempt, options: { ...options, ...chosen } });
  t.deepEqual(await faults({}), []);
  t.deepEqual(await faults({ vectors: undefined }), [
    'teachers, vectors: give one of them: networks to learn from, or a file of vectors.',
  ]);
  t.regex((await faults({ speeds: [1, 0.9] })).join(), /^speeds: a speaker at another speed is another one/);
  t.regex((await faults({ teacherHears: 'same', augmentation: ['random-channel'] })).join(), /vectors hear nothing/);
  t.regex((await faults({ levels: [{ loss: 'kl' }] })).join(), /vectors: they have no class scores/);
});
