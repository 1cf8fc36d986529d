import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openNoiseBank } from '../../src/data/noise-bank/noise-bank.js';
import type { Tensor } from '../../src/engine/tf.js';
import { UserError } from '../../src/errors.js';
import { writeWav16 } from '../../src/io/wav-write.js';
import { withOptionScope } from '../../src/plugin/option-scope.js';
import { type PluginChoice, pluginChoice } from '../../src/plugin/options.js';
import type { Artifact } from '../../src/plugin/stage.js';
import { cropView } from '../../src/stages/training/resolve-plugins.js';
import { readMetrics } from '../../src/train/metrics-log.js';
import { cropsToFeatures } from '../../src/train/step/crop-features.js';
import { voiceCorpus } from '../helpers/corpora/voices.js';
import { normals } from '../helpers/random-values.js';
import { artifactAt, checkStage, newRegistry, runStage } from '../helpers/recipes/run-stage.js';
import { withSession } from '../helpers/session.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { BINS, DINO, smallFeatures } from '../helpers/training/small-training.js';

const registry = newRegistry();
const SMALL = { noises: 3, noiseSeconds: 0.5, rooms: 2, rt60Seconds: [0.2, 0.25] };

function folderOf(t: ExecutionContext, files: string[]): string {
  const folder = temporaryFolder(t);
  for (const [i, file] of files.entries()) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeWav16(
      join(folder, file),
      normals(800, file, 0.1).map((value, k) => (k === 30 + i ? 0.9 : value)),
      16000,
    );
  }
  return folder;
}

async function corpusArtifact(t: ExecutionContext): Promise<Artifact> {
  const dir = temporaryFolder(t);
  await voiceCorpus(
    dir,
    Array.from({ length: 9 }, (_, i) => 5200 + 200 * i),
  );
  return artifactAt(dir, 'corpus', { path: null });
}

const gather = (t: ExecutionContext, options: Record<string, unknown>, artifacts: Record<string, Artifact> = {}) =>
  runStage({ registry, stage: 'noises', dir: temporaryFolder(t), options, artifacts });

test('MUSAN and RIRS_NOISES are read by their layout', async (t) => {
  const musan = folderOf(t, ['noise/free-sound/a.wav', 'music/fma/b.wav', 'music/fma/c.wav', 'speech/us-gov/d.wav']);
  const rooms = folderOf(t, [
    'real_rirs_isotropic_noises/RVB2014_type1_rir_largeroom1_far_angla.wav',
    'simulated_rirs/smallroom/Room001/x.wav',

    'real_rirs_isotropic_noises/RVB2014_type1_noise_largeroom1_1.wav',
    'pointsource_noises/noise-free-sound-0000.wav',
  ]);
  const { result } = await gather(t, { musan, rooms, roomSeconds: 0.02 });
  t.like(result, { noise: 3, music: 2, speech: 1, rooms: 2, skipped: 0 });
});

test('without recordings, noises and rooms are made and the corpus lends its voices', async (t) => {
  const corpus = await corpusArtifact(t);
  const artifact = await gather(
    t,
    { corpus: 'corpus', musan: null, rooms: null, made: SMALL, voices: 5, roomSeconds: 0.1 },
    { corpus },
  );
  t.like(artifact.result, { noise: 3, music: 0, speech: 5, rooms: 2, path: null });
  const dir = join(artifact.dir, 'bank');
  t.is(openNoiseBank(dir).rooms.taps, 1600);
  const again = await gather(t, { path: dir });
  t.like(again.result, { noise: 3, music: 0, speech: 5, rooms: 2, path: dir });
});

test('a missing folder is told before the run', async (t) => {
  const faults = await checkStage({ registry, stage: 'noises', options: { musan: '/no/musan' }, artifacts: {} });
  t.deepEqual(faults, ['the folder /no/musan does not exist']);
  const other = folderOf(t, ['sounds/a.wav']);
  t.deepEqual(await checkStage({ registry, stage: 'noises', options: { musan: other }, artifacts: {} }), [
    `${other} holds none of the folders noise, speech, music. Give the folder that they lie in.`,
  ]);
});

const pretrain = (augmentation: unknown[], steps = 4) => ({
  corpus: 'corpus',
  method: { name: 'dino', ...DINO },
  features: { bins: BINS },
  backbone: { name: 'tdnn', width: 16, embeddingSize: 8 },
  globalSeconds: 0.35,
  localSeconds: 0.2,
  batchSize: 4,
  steps,
  rate: { peak: 0.003 },
  augmentation,
});

test('a run with noises and rooms goes on after a stop as if nothing had happened', async (t) => {
  const corpus = await corpusArtifact(t);
  const noises = await gather(t, { corpus: 'corpus', made: SMALL, voices: 5, roomSeconds: 0.1 }, { corpus });
  const augmentation = [{ name: 'noise-reverb', bank: 'noises', mix: { recipe: '3d-speaker-ssl' } }, 'spec-augment'];
  const attempt = { registry, stage: 'pretrain', options: pretrain(augmentation, 3), artifacts: { corpus, noises } };
  const [whole, stopped] = [temporaryFolder(t), temporaryFolder(t)];
  await runStage({ ...attempt, dir: whole });
  await t.throwsAsync(runStage({ ...attempt, dir: stopped, stopAt: 1 }), { message: 'stopped' });
  await runStage({ ...attempt, dir: stopped, resume: true });
  const metrics = (dir: string) => readMetrics(join(dir, 'metrics.jsonl'));
  t.is(metrics(whole).length, 3);
  t.deepEqual(metrics(stopped), metrics(whole));
});

test('every augmentation keeps shapes and numbers, alone and inside others', async (t) => {
  const noises = await gather(t, { made: SMALL, roomSeconds: 0.1 });
  const chosen: [string, object?][] = [
    ['noise', { bank: 'noises', speech: { weight: 0 } }],
    ['reverb', { bank: 'noises' }],
    ['noise-reverb', { bank: 'noises' }],

    ['telephone'],
    ['codec'],
    ['gain'],
    ['clipping'],
    ['random-filter'],
    ['drop-chunk'],
    ['peak-normalise'],
    ['spec-augment'],
    ['one-of', { of: ['telephone', 'random-filter', { name: 'chain', of: ['clipping', 'gain'] }], weights: [2, 1, 1] }],
  ] as [string, object?][];
  const data = Int16Array.from(normals(6 * 3200, 'crops', 2000));
  const crops = { dtype: 'int16' as const, shape: [6, 3200], data };
  await withSession(async (session) => {
    const hear = async (augmentation: PluginChoice<'augmentation'>[], name: string) => {
      const view = await cropView({ registry, artifact: () => noises }, { features: smallFeatures, augmentation });
      const run = session.compile(name, (given: Record<string, Tensor>) => ({
        y: cropsToFeatures(given.crops, view, name),
      }));
      return (await run({ crops, step: 3 })).y;
    };
    const plain = await hear([], 'plain');
    for (const [name, options] of chosen) {
      const heard = await hear([await parsed(name, options)], name);
      t.deepEqual(heard.shape, plain.shape, name);
      t.true(Array.from(heard.data, Number).every(Number.isFinite), name);
      // A gain is taken away again by the mean over time.
      if (!['gain', 'peak-normalise'].includes(name)) t.notDeepEqual(heard.data, plain.data, name);
    }
  });
});

/** An augmentation's options as a config that has a stage `noises` would parse them. */
async function parsed(name: string, given: object = {}): Promise<PluginChoice<'augmentation'>> {
  const scope = {
    registry,
    earlier: new Map([['noises', 'noises']]),
    later: new Set<string>(),
    references: new Set<string>(),
    uses: new Map(),
  };
  return withOptionScope(scope, () => pluginChoice('augmentation').parseAsync({ name, ...given }));
}

test('what changes features cannot stand inside one-of', async (t) => {
  const corpus = await corpusArtifact(t);
  const options = pretrain([{ name: 'one-of', of: ['gain', 'spec-augment'] }], 1);
  const run = runStage({ registry, stage: 'pretrain', options, artifacts: { corpus }, dir: temporaryFolder(t) });
  const error = await t.throwsAsync(run, { instanceOf: UserError });
  t.regex(error.message, /'one-of' combines changes of waveforms, and 'spec-augment' changes features/);
});
