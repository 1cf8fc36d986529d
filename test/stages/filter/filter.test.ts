import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { writeManifest } from '../../../src/data/manifest.js';
import { buildShards } from '../../../src/data/shards/build.js';
import { readUtterance } from '../../../src/data/shards/shards.js';
import { writeTrials } from '../../../src/data/trials.js';
import { voiceChange } from '../../../src/diarize/voice-change.js';
import { UserError } from '../../../src/errors.js';
import { openTraining, openTrialLists } from '../../../src/stages/artifacts/corpus-data.js';
import { decide, type Limits } from '../../../src/stages/filter/decide.js';
import { drawHours } from '../../../src/stages/filter/stretches.js';
import { hiss, sequence, spectrumExtractor, talk } from '../../helpers/corpora/talk.js';
import { artifactAt, newRegistry, runStage } from '../../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const CLIPS = {
  one: sequence(talk(0, 4)),
  two: sequence(talk(0, 2), talk(2, 2)),
  three: sequence(talk(1, 3)),
  hiss: hiss(3, 0.1),
};
const TEST = sequence(talk(3, 1));

/** What a corpus stage leaves behind: these clips to train with, and a list of trials. */
async function corpusArtifact(t: ExecutionContext, clips: Record<string, Float32Array>) {
  const dir = temporaryFolder(t);
  const write = async (part: string, recordings: Record<string, Float32Array>) => {
    const utterances = Object.keys(recordings).map((id) => ({ id, path: join(dir, id) }));
    for (const { path } of utterances) writeFileSync(path, '');
    const decode = async (path: string) => recordings[path.slice(dir.length + 1)];
    await buildShards({ dir: join(dir, 'shards', part), utterances, decode });
    return utterances.map(({ id }) => ({ id, seconds: recordings[id].length / 16000 }));
  };
  const rows = [...(await write('train', clips)), ...(await write('clean', { test: TEST }))];
  mkdirSync(join(dir, 'corpus'));
  writeManifest(
    join(dir, 'corpus'),
    rows.map(({ id, seconds }) => ({
      id,
      path: `wav/${id}.wav`,
      speaker: `voice of ${id}`,
      seconds,
      language: null,
      split: id === 'test' ? ('test' as const) : ('train' as const),
    })),
  );
  const path = 'wav/test.wav';
  writeTrials(join(dir, 'corpus', 'trials', 'clean.txt'), [{ enrolment: path, test: path, target: true }]);
  writeFileSync(join(dir, 'corpus', 'corpus.json'), JSON.stringify({ name: 'clips', skipped: { unreadable: 1 } }));
  return artifactAt(dir, 'corpus', { path: null });
}

async function filter(t: ExecutionContext, clips: Record<string, Float32Array>, options = {}) {
  const corpus = await corpusArtifact(t, clips);
  const dir = temporaryFolder(t);
  const given = { registry: newRegistry(), stage: 'filter', dir, artifacts: { corpus } };
  return runStage({ ...given, options: { corpus: 'corpus', ...options } });
}

test('a corpus comes out, with what is bad left out or split, and a line for each utterance', async (t) => {
  const made = await filter(t, CLIPS);
  const { ids, samples } = openTraining(made).train;
  t.deepEqual(ids, ['one', 'two.1', 'two.2', 'three']);
  t.is(samples[1] + samples[2], CLIPS.two.length);
  t.true(Math.abs(samples[1] / 16000 - 2) < 0.3, String(samples[1]));
  t.deepEqual(made.result, {
    path: null,
    train: 4,
    kept: 2,
    split: 1,
    dropped: 1,
    reasons: { 'several speakers': 1, 'no speech': 1 },
  });
  const lines = readFileSync(join(made.dir, 'filter.jsonl'), 'utf8').trimEnd().split('\n');
  t.deepEqual(
    lines.map((line) => JSON.parse(line)).map(({ id, verdict }) => [id, verdict]),
    [
      ['one', 'kept'],
      ['two', 'split'],
      ['three', 'kept'],
      ['hiss', 'dropped'],
    ],
  );
});

test('samples, speakers, tests and notes are those of the corpus it came from', async (t) => {
  const made = await filter(t, CLIPS);
  const { train, trainSpeakers, dir } = openTraining(made);
  const lists = openTrialLists(made);
  const first = readUtterance(train, 0);
  t.true(CLIPS.one.every((value, i) => Math.abs(value * 32768 - first[i]) <= 0.51));
  t.deepEqual(trainSpeakers, ['voice of one', 'voice of two', 'voice of two', 'voice of three']);
  t.is(lists.length, 1);
  t.is(readUtterance(lists[0].shards, 0).length, TEST.length);
  t.is(lists[0].trials.length, 1);
  const { name, skipped } = JSON.parse(readFileSync(join(dir, 'corpus.json'), 'utf8'));
  t.is(name, 'clips, filtered');
  t.deepEqual(skipped, { unreadable: 1, 'filter: several speakers': 1, 'filter: no speech': 1 });
});

test('dropped instead of split; a filter that leaves nothing says so', async (t) => {
  t.deepEqual(openTraining(await filter(t, CLIPS, { several: 'drop' })).train.ids, ['one', 'three']);
  await t.throwsAsync(() => filter(t, { hiss: CLIPS.hiss }), {
    instanceOf: UserError,
    message:
      /None of 1 utterances is speech .*: 1 with less than 0\.5 s or 10 % of speech .* 0\.0 of 0\.1 minutes\. .*filter\.jsonl.*other recordings/,
  });
});

test('a long utterance is cut into equal parts, each of which is judged on its own', async (t) => {
  const long = sequence(talk(0, 3), talk(0, 3).fill(0), talk(0, 3));
  const made = await filter(t, { one: CLIPS.one, long }, { mostSeconds: 4.5 });
  const { ids, samples } = openTraining(made).train;
  t.deepEqual(ids, ['one', 'long.1', 'long.2']);
  t.deepEqual([...samples.slice(1)], [long.length / 2, long.length / 2]);
  const second = readUtterance(openTraining(made).train, 2);
  t.true(second.every((value, i) => Math.abs(long[long.length / 2 + i] * 32768 - value) <= 0.51));
  const apart = await filter(t, { long }, { mostSeconds: 3 });
  t.deepEqual(openTraining(apart).train.ids, ['long.1', 'long.3'], 'the silent part is dropped');
});

test('so many hours are drawn by the seed, and more of them hold fewer', async (t) => {
  const samples = Int32Array.from({ length: 500 }, (_, i) => 16000 * (1 + (i % 7)));
  const hours = (drawn: number[]) => drawn.reduce((sum, i) => sum + samples[i], 0) / 16000 / 3600;
  const few = drawHours({ samples }, 0.1, 1);
  t.true(hours(few) >= 0.1 && hours(few) < 0.1 + 7 / 3600, String(hours(few)));
  const more = drawHours({ samples }, 0.3, 1);
  t.true(few.every((i) => more.includes(i)));
  t.notDeepEqual(drawHours({ samples }, 0.1, 2), few);
  t.is(drawHours({ samples }, 9, 1).length, 500);
  const made = await filter(t, CLIPS, { hours: 0.001 });
  t.is(readFileSync(join(made.dir, 'filter.jsonl'), 'utf8').trimEnd().split('\n').length, 1);
});

const LIMITS: Limits = {
  leastSpeech: 0.1,
  leastSpeechSeconds: 0.5,
  leastSnrDb: 3,
  mostGain: 0.5,
  leastCosine: 0.5,
  several: 'split',
  leastSeconds: 1.5,
};
const good = { seconds: 4, speechSeconds: 3, snrDb: 20, change: { atSeconds: 1, gain: 0.1 } };

test('verdicts', (t) => {
  const whole = { verdict: 'kept', reasons: [], parts: [[0, 4]] };
  t.deepEqual(decide(good, undefined, LIMITS), whole);
  t.deepEqual(decide({ ...good, snrDb: 1, speechSeconds: 0.3 }, undefined, LIMITS), {
    verdict: 'dropped',
    reasons: ['no speech', 'noise'],
    parts: [],
  });
  const changing = { ...good, change: { atSeconds: 1, gain: 0.9 } };
  t.deepEqual(decide(changing, undefined, LIMITS), {
    verdict: 'split',
    reasons: ['several speakers'],
    parts: [[1, 4]],
  });
  t.deepEqual(decide(changing, { atSeconds: 2, cosine: 0.2 }, { ...LIMITS, several: 'keep' }), whole);
  t.is(decide({ ...changing, snrDb: 1 }, undefined, { ...LIMITS, several: 'keep' }).verdict, 'dropped');
  t.deepEqual(decide({ ...changing, seconds: 2 }, undefined, LIMITS).verdict, 'dropped');
  t.deepEqual(decide(changing, { atSeconds: 2, cosine: 0.8 }, LIMITS), whole, "the model's word goes first");
  t.deepEqual(decide(good, { atSeconds: 2, cosine: 0.2 }, LIMITS).parts, [
    [0, 2],
    [2, 4],
  ]);
  t.is(decide(changing, null, LIMITS).verdict, 'split', 'too short for the model: cepstra decide');
});

test('a model hears where the voice changes', async (t) => {
  const pcm = (samples: Float32Array) => Int16Array.from(samples, (value) => value * 32768);
  const two = await voiceChange(pcm(CLIPS.two), spectrumExtractor);
  const one = await voiceChange(pcm(CLIPS.one), spectrumExtractor);
  t.true(Math.abs(two!.atSeconds - 2) <= 0.5, String(two!.atSeconds));
  t.true(two!.cosine < one!.cosine - 0.02, `${two!.cosine} ${one!.cosine}`);
  t.is(await voiceChange(pcm(TEST), spectrumExtractor), null);
});

test('trial lists of one set of test utterances come along', async (t) => {
  const whole = await corpusArtifact(t, { one: CLIPS.one });
  // As a corpus of folders or of Kaldi's tables lies: it holds its shards, and its lists have names of their own.
  const held = join(whole.dir, 'corpus');
  renameSync(join(whole.dir, 'shards'), join(held, 'shards'));
  renameSync(join(held, 'shards', 'clean'), join(held, 'shards', 'test'));
  renameSync(join(held, 'trials', 'clean.txt'), join(held, 'trials', 'calls.txt'));
  const before = openTrialLists(whole);
  const dir = temporaryFolder(t);
  const stage = { registry: newRegistry(), stage: 'filter', dir, artifacts: { corpus: whole } };
  const [list, ...others] = openTrialLists(await runStage({ ...stage, options: { corpus: 'corpus' } }));
  t.is(others.length, 0);
  t.deepEqual([list.name, list.paths, list.trials], ['calls', before[0].paths, before[0].trials]);
  t.deepEqual(readUtterance(list.shards, 0), readUtterance(before[0].shards, 0));
});
