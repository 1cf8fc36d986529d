import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { loadMono16k } from '../../../../src/audio/decode/decode.js';
import { buildSyntheticCorpus } from '../../../../src/data/corpus/synthetic/synthetic.js';
import { createResonator } from '../../../../src/data/corpus/synthetic/voice/resonator.js';
import { drawStyle } from '../../../../src/data/corpus/synthetic/voice/script.js';
import { speak } from '../../../../src/data/corpus/synthetic/voice/speak.js';
import { drawSpeaker } from '../../../../src/data/corpus/synthetic/voice/speaker.js';
import { checkManifest, readManifest } from '../../../../src/data/manifest.js';
import { readTrials } from '../../../../src/data/trials.js';
import { UserError } from '../../../../src/errors.js';
import { eerOf } from '../../../../src/eval/detection/eer.js';
import { createRng } from '../../../../src/random.js';

const SMALL = { speakers: 5, utterances: 4, seconds: 0.5, testSpeakers: 2 };

function temporaryFolder(t: ExecutionContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'synthetic-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function contentOf(dir: string): Record<string, string> {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return Object.fromEntries(paths.map((path) => [path.slice(dir.length), readFileSync(path, 'base64')]));
}

test('a corpus has a manifest, both forms, trials and licences, and stands as it is when asked for again', async (t) => {
  const out = join(temporaryFolder(t), 'corpus');
  const summary = await buildSyntheticCorpus({ ...SMALL, out });
  t.like(summary, { name: 'synthetic', utterances: 20, speakers: 5, seconds: 10, existing: false });
  t.deepEqual(
    [summary.train, summary.test],
    [
      { utterances: 12, speakers: 3 },
      { utterances: 8, speakers: 2 },
    ],
  );

  const manifest = readManifest(out);
  checkManifest(manifest);
  const side = (split: string) => new Set(manifest.utterances.filter((u) => u.split === split).map((u) => u.speaker));
  t.is(new Set([...side('train'), ...side('test')]).size, 5);
  t.deepEqual([...side('test')], ['voice0001', 'voice0002']);

  const clean = readTrials(join(out, 'trials/clean.txt'));
  t.is(clean.length, 24); // twelve pairs within two speakers, as many across
  t.is(clean.filter(({ target }) => target).length, 12);
  for (const { enrolment, test: other, target } of clean) {
    t.is(enrolment.split('/')[1] === other.split('/')[1], target);
    t.true(existsSync(join(out, enrolment)) && existsSync(join(out, other.replace('wav/', 'channel/'))));
  }
  t.regex(readFileSync(join(out, 'LICENSES.md'), 'utf8'), /computed/);
  t.like(await buildSyntheticCorpus({ ...SMALL, out }), { existing: true, utterances: 20 });
});

test('bytes depend on the options, not on the number of threads', async (t) => {
  const dir = temporaryFolder(t);
  const build = async (name: string, options: { jobs: number; seed?: number }) => {
    await buildSyntheticCorpus({ ...SMALL, out: join(dir, name), ...options });
    return contentOf(join(dir, name));
  };
  const [one, three, other] = [
    await build('one', { jobs: 1 }),
    await build('three', { jobs: 3 }),
    await build('other', { jobs: 3, seed: 2 }),
  ];
  t.deepEqual(one, three);
  t.deepEqual(Object.keys(one), Object.keys(other));
  const sounds = Object.keys(one).filter((path) => path.endsWith('.wav'));
  t.is(sounds.length, 20 + 8);
  t.true(sounds.every((path) => one[path] !== other[path]));
});

test('more voices leave the earlier ones and the trials as they were', async (t) => {
  const dir = temporaryFolder(t);
  await buildSyntheticCorpus({ ...SMALL, out: join(dir, 'few') });
  await buildSyntheticCorpus({ ...SMALL, speakers: 7, out: join(dir, 'many') });
  const [few, many] = [contentOf(join(dir, 'few')), contentOf(join(dir, 'many'))];
  const kept = Object.keys(few).filter((path) => /\.wav$|trials/.test(path));
  for (const path of kept) t.is(many[path], few[path], path);
});

test('utterances have the length asked for and sensible levels', async (t) => {
  const out = join(temporaryFolder(t), 'corpus');
  await buildSyntheticCorpus({ ...SMALL, seconds: 1.5, out });
  for (const { path, seconds } of readManifest(out).utterances) {
    const samples = await loadMono16k(join(out, path));
    t.is(seconds, 1.5);
    t.is(samples.length, 24000);
    const peak = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const level = 10 * Math.log10(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);
    t.true(peak < 1, `${path} is clipped`);
    t.true(level > -36 && level < -19, `${path}: ${level} dB`);
  }
});

test('pitch alone tells few voices apart: it overlaps and shifts from utterance to utterance', (t) => {
  const pitches = Array.from({ length: 300 }, (_, voice) => {
    const { f0Hz } = drawSpeaker(createRng('pitch').fork(voice));
    return [0, 1].map((n) => Math.log(f0Hz) + drawStyle(createRng('pitch').fork(`${voice}/${n}`)).f0Shift);
  });
  const targets = pitches.map(([a, b]) => -Math.abs(a - b));
  const others = pitches.map(([a], i) => -Math.abs(a - pitches[(i + 1) % pitches.length][1]));
  const eer = eerOf([...targets, ...others], [...targets.map(() => 1), ...others.map(() => 0)]);
  t.true(eer > 0.3 && eer < 0.5, `EER ${eer}`);
});

/** Mean over bands of the variance between voices by the variance within them, of each band's level over time. */
function fisherRatio(vectors: number[][][]): number {
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const variance = (values: number[]) => mean(values.map((value) => (value - mean(values)) ** 2));
  const ratios = vectors[0][0].map((_, band) => {
    const voices = vectors.map((utterances) => utterances.map((vector) => vector[band]));
    return variance(voices.map(mean)) / (mean(voices.map(variance)) / voices[0].length);
  });
  return mean(ratios);
}

/** Standard deviation over time of the level in each of ten bands, in dB. */
function deviations(samples: Float32Array): number[] {
  return Array.from({ length: 10 }, (_, band) => {
    const resonator = createResonator();
    resonator.tune(250 * 1.35 ** band, 100);
    const filtered = samples.map((value) => resonator.filter(value));
    const levels = Array.from({ length: Math.floor(samples.length / 400) }, (_, frame) => {
      const power = filtered.subarray(400 * frame, 400 * (frame + 1)).reduce((sum, value) => sum + value * value, 0);
      return 10 * Math.log10(power + 1e-9);
    });
    const middle = levels.reduce((a, b) => a + b, 0) / levels.length;
    return Math.sqrt(levels.reduce((sum, level) => sum + (level - middle) ** 2, 0) / levels.length);
  });
}

test('voices differ: their utterances are more alike than chance', (t) => {
  const rng = createRng('voices differ');
  const grouped = Array.from({ length: 8 }, (_, voice) =>
    Array.from({ length: 6 }, (_, n) => deviations(speak(rng.fork(`voice ${voice}`), rng.fork(`${voice}/${n}`), 3))),
  );
  // The same utterances dealt out to voices at random.
  const shuffled = rng.shuffle(grouped.flat());
  const chance = Array.from({ length: 8 }, (_, i) => shuffled.slice(6 * i, 6 * i + 6));
  const [real, random] = [fisherRatio(grouped), fisherRatio(chance)];
  t.true(real > 1.5 * random && real > 1.5, `${real}, by chance ${random}`);
});

test('options that make no sense are the user’s error', async (t) => {
  const out = join(temporaryFolder(t), 'corpus');
  const refuse = async (options: object, message: RegExp) => {
    const error = await t.throwsAsync(buildSyntheticCorpus({ ...SMALL, ...options, out }), { message });
    t.true(error instanceof UserError);
  };
  await refuse({ speakers: 0 }, /a whole number of speakers above 0; got 0/);
  await refuse({ utterances: 1.5 }, /at least 2 utterances of each speaker for its trials; got 1.5/);
  await refuse({ seconds: Number.NaN }, /0.5 to 600 seconds; got NaN/);
  await refuse({ testSpeakers: 5 }, /fewer than its 5 speakers .*; got 5/);
  await refuse({ testSpeakers: 1 }, /0 or at least 2 test speakers/);
  t.false(existsSync(out));
});
