import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { readManifest } from '../../../src/data/manifest.js';
import { UserError } from '../../../src/errors.js';
import { writeNpy } from '../../../src/io/npy.js';
import { createRng } from '../../../src/random.js';
import { openTrialLists } from '../../../src/stages/artifacts/corpus-data.js';
import { writeTinyCorpus } from '../../helpers/corpora/tiny-corpus.js';
import { artifactAt, checkStage, newRegistry, runStage } from '../../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const SIZE = 4;
const [VOICES, EACH] = [2, 2];
const identity = (letter: string) => ({ name: `network ${letter}`, digest: letter.repeat(64) });

test('enrolments of one network are compared with tests of another, each side without its own mean', async (t) => {
  const registry = newRegistry();
  const dir = temporaryFolder(t);
  const path = join(dir, 'tiny');
  writeTinyCorpus(path, { train: VOICES, test: VOICES, each: EACH, seconds: 0.1 });
  const corpus = await runStage({
    registry,
    stage: 'corpus',
    dir: join(dir, 'corpus'),
    artifacts: {},
    options: { source: 'ready', path },
  });
  const rng = createRng('enrolling');
  const embedded = (name: string, about: Record<string, unknown>) => {
    const parts = Object.fromEntries(
      ['train', 'clean', 'channel'].map((part) => {
        const vectors = Float32Array.from({ length: VOICES * EACH * SIZE }, () => 1 + rng.normal());
        writeNpy(join(dir, name, `${part}.npy`), [VOICES * EACH, SIZE], vectors);
        return [part, vectors];
      }),
    );
    return {
      parts,
      artifact: artifactAt(join(dir, name), 'embed', {
        network: 'network',
        origin: name,
        embeddingSize: SIZE,
        ...about,
      }),
    };
  };
  const teacher = embedded('teacher', { model: identity('a') });
  const student = embedded('student', { model: identity('b'), space: identity('a') });
  const foreign = embedded('foreign', { model: identity('c') });
  const artifacts = {
    corpus,
    'embeddings-teacher': teacher.artifact,
    'embeddings-student': student.artifact,
    'embeddings-foreign': foreign.artifact,
  };
  const options = {
    corpus: 'corpus',
    embeddings: 'embeddings-student',
    enrolment: 'embeddings-teacher',
    system: 'both',
  };
  const attempt = { registry, artifacts, stage: 'evaluate', options };
  const { dir: made } = await runStage({ ...attempt, dir: join(dir, 'evaluation') });

  const centred = ({ parts }: typeof teacher, row: number) => {
    const meanOf = (k: number) =>
      parts.train.reduce((sum, value, i) => sum + (i % SIZE === k ? value : 0), 0) / VOICES / EACH;
    return Array.from({ length: SIZE }, (_, k) => parts.clean[row * SIZE + k] - meanOf(k));
  };
  const [{ paths: names }] = openTrialLists(corpus, readManifest(path)).filter(({ name }) => name === 'clean');
  const lines = readFileSync(join(made, 'clean.scores.txt'), 'utf8').trim().split('\n');
  for (const line of lines) {
    const [score, , a, b] = line.split(' ');
    const [x, y] = [centred(teacher, names.indexOf(a)), centred(student, names.indexOf(b))];
    const cosine = x.reduce((sum, value, i) => sum + value * y[i], 0) / Math.hypot(...x) / Math.hypot(...y);
    t.true(Math.abs(Number(score) - cosine) < 1e-5, line);
  }

  await t.throwsAsync(
    runStage({ ...attempt, options: { ...options, enrolment: 'embeddings-foreign' }, dir: join(dir, 'refused') }),
    {
      instanceOf: UserError,
      message: /enrolment: 'embeddings-foreign' .*space of 'network c'.* speaks that of 'network a'/,
    },
  );
  const chained = { ...artifacts, backend: teacher.artifact };
  const faults = await checkStage({ ...attempt, artifacts: chained, options: { ...options, backend: 'backend' } });
  t.regex(faults.join(' '), /enrolment: a back-end learned from the embeddings of one network/);
});
