import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { UserError } from '../../../src/errors.js';
import type { Artifact } from '../../../src/plugin/stage.js';
import { readMetrics } from '../../../src/train/metrics-log.js';
import { voiceCorpus } from '../../helpers/corpora/voices.js';
import { artifactAt, newRegistry, runStage } from '../../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const STEPS = 40;

/** DINO whose centre stays where it is, with sharp targets and a large rate: one prototype takes all. */
const METHOD = {
  name: 'dino',
  prototypes: 32,
  hiddenSize: 16,
  bottleneckSize: 8,
  localCrops: 1,
  frozenEpochs: 0,
  centerMomentum: 1,
  emaMomentum: 0.8,
  teacherTemperature: 0.02,
  finalTeacherTemperature: 0.02,
};
const OPTIONS = {
  corpus: 'corpus',
  method: METHOD,
  features: { bins: 16 },
  globalSeconds: 0.3,
  localSeconds: 0.2,
  backbone: { name: 'tdnn', width: 16, embeddingSize: 16 },
  augmentation: ['random-channel'],
  batchSize: 6,
  steps: STEPS,
  rate: { kind: 'constant', peak: 0.02 },
};

async function corpusArtifact(t: ExecutionContext): Promise<Artifact> {
  const dir = temporaryFolder(t);
  await voiceCorpus(
    dir,
    Array.from({ length: 14 }, (_, i) => 5000 + 500 * i),
  );
  return artifactAt(dir, 'corpus', { path: null });
}

/** Runs the stage with a guard, stopped and resumed where asked; returns its lines on the way too. */
async function train(corpus: Artifact, dir: string, guard: object, stops: number[] = []) {
  const attempt = { registry: newRegistry(), stage: 'pretrain', dir, options: { ...OPTIONS, guard } };
  for (const [i, stopAt] of stops.entries()) {
    const stopped = runStage({ ...attempt, artifacts: { corpus }, stopAt, resume: i > 0 });
    await stopped.then(
      () => Promise.reject(new Error('it was not stopped')),
      (error: Error) => (error.message === 'stopped' ? undefined : Promise.reject(error)),
    );
  }
  return runStage({ ...attempt, artifacts: { corpus }, resume: stops.length > 0 });
}

interface Event {
  step: number;
  cause: string;
  message: string;
  backTo?: number;
}
const eventsOf = ({ result }: Artifact): Event[] => (result as unknown as { collapse: Event[] }).collapse;

test('a collapse is warned of: in the metrics and in the result', async (t) => {
  const corpus = await corpusArtifact(t);
  const warned = await train(corpus, temporaryFolder(t), {});
  const [event, ...more] = eventsOf(warned);
  t.deepEqual(more, []);
  t.is(event.cause, 'one-prototype');
  t.regex(event.message, /^one prototype takes all: .* raise the teacher temperature/);
  const lines = readMetrics(join(warned.dir, 'metrics.jsonl'));
  t.is(lines.length, STEPS);
  t.deepEqual(
    lines.filter(({ collapse }) => collapse !== undefined).map(({ step }) => step),
    [event.step],
  );
  t.false(existsSync(join(warned.dir, 'healthy.safetensors')));

  const unwatched = await train(corpus, temporaryFolder(t), { action: 'off' });
  t.deepEqual(eventsOf(unwatched), []);
  const model = (artifact: Artifact) => readFileSync(join(artifact.dir, 'models/teacher/model.safetensors'));
  t.true(model(unwatched).equals(model(warned)), 'looking changes nothing');
});

test('a run goes back to its last healthy state, with a lower rate; stopped or not, it ends alike', async (t) => {
  const corpus = await corpusArtifact(t);
  const guard = { action: 'rollback', rateFactor: 0.001 };
  const undisturbed = await train(corpus, temporaryFolder(t), guard);
  const [event, ...more] = eventsOf(undisturbed);
  t.deepEqual(more, [], 'at a thousandth of the rate it does not collapse again');
  t.is(event.cause, 'one-prototype');
  t.true(event.backTo !== undefined && event.backTo < event.step - 5 + 1, 'to before the window that showed it');
  const lines = readMetrics(join(undisturbed.dir, 'metrics.jsonl'));
  t.deepEqual(
    lines.map(({ step }) => step),
    Array.from({ length: STEPS }, (_, step) => step),
  );
  t.true(lines[STEPS - 1].studentEntropy > 0.0694, 'healthy at the end');

  for (const stops of [
    [3, event.step],
    [event.step - 2, event.step + 4, STEPS - 1],
  ]) {
    const resumed = await train(corpus, temporaryFolder(t), guard, stops);
    t.deepEqual(resumed.result, undisturbed.result);
    for (const file of ['metrics.jsonl', 'checkpoint.safetensors', 'healthy.safetensors']) {
      t.true(readFileSync(join(resumed.dir, file)).equals(readFileSync(join(undisturbed.dir, file))), file);
    }
  }
});

test('what goes back in vain, or is told to stop, ends with what to change, and its state is saved', async (t) => {
  const corpus = await corpusArtifact(t);
  const dir = temporaryFolder(t);
  const vain = { action: 'rollback', retries: 1, rateFactor: 1 };
  await t.throwsAsync(() => train(corpus, dir, vain), {
    instanceOf: UserError,
    message: /one prototype takes all.*lower rate\.peak.*was rolled back once.*state is saved/,
  });
  const lines = readMetrics(join(dir, 'metrics.jsonl'));
  t.true(lines.length < STEPS);

  const stopped = temporaryFolder(t);
  const stop = { action: 'stop' };
  await t.throwsAsync(() => train(corpus, stopped, stop), { instanceOf: UserError, message: /The run stops/ });
  const attempt = { registry: newRegistry(), stage: 'pretrain', dir: stopped, artifacts: { corpus }, resume: true };
  const again = readMetrics(join(stopped, 'metrics.jsonl')).length;
  await t.throwsAsync(() => runStage({ ...attempt, options: { ...OPTIONS, guard: stop } }), {
    message: /The run stops/,
  });
  t.is(readMetrics(join(stopped, 'metrics.jsonl')).length, again + 1, 'it goes no further');
  const done = await runStage({ ...attempt, options: { ...OPTIONS, guard: { action: 'warn' } } });
  t.is(readMetrics(join(stopped, 'metrics.jsonl')).length, STEPS);
  t.is(eventsOf(done).length, 1, 'told once');
});
