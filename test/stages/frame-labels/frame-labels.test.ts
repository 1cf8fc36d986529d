import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { planHostFbank } from '../../../src/audio/features/host-fbank.js';
import { openShards, readUtterance } from '../../../src/data/shards/shards.js';
import { noiseOf } from '../../../src/embed/hearing.js';
import { UserError } from '../../../src/errors.js';
import { readNpy } from '../../../src/io/npy.js';
import { voiceCorpus } from '../../helpers/corpora/voices.js';
import { artifactAt, newRegistry, runStage } from '../../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { BINS, smallFeatures } from '../../helpers/training/small-training.js';

const registry = newRegistry();
const root = mkdtempSync(join(tmpdir(), 'voxloop-test-'));
test.after.always(() => rmSync(root, { recursive: true, force: true }));

const LENGTHS = Array.from({ length: 12 }, (_, i) => 6500 + 700 * (i % 7));
const artifacts = { corpus: artifactAt(join(root, 'corpus'), 'corpus', { path: null }) };
test.before(() => voiceCorpus(join(root, 'corpus'), LENGTHS));

test('units name the nearest of their centres for every frame', async (t) => {
  const options = { corpus: 'corpus', features: { bins: BINS }, units: 5, iterations: 3 };
  const dir = join(root, 'units');
  const { result: units } = await runStage({ registry, dir, stage: 'units', options, artifacts });
  const { names, shiftMs, offsetMs, labelled } = units as Record<string, unknown>;
  t.deepEqual([names, shiftMs, offsetMs, labelled], [['0', '1', '2', '3', '4'], 10, 7.5, 1]);
  const bytes = readFileSync(join(root, 'units', 'labels.i16'));
  const labels = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  const frames = LENGTHS.map((samples) => 1 + Math.floor((samples - 400) / 160));
  t.is(
    labels.length,
    frames.reduce((a, b) => a + b),
  );
  // The nearest, by the features that the host computes of what is heard: the recording and the noise that covers silence.
  const { data: centers } = readNpy(join(root, 'units', 'centers.npy'));
  const fbank = planHostFbank(smallFeatures);
  let [at, same] = [0, 0];
  for (const [utterance, samples] of LENGTHS.entries()) {
    const noise = noiseOf(samples);
    const pcm = readUtterance(openShards(join(root, 'corpus', 'shards', 'train')), utterance);
    const energies = fbank(Float32Array.from(pcm, (value, i) => (value + noise[i]) / 32768));
    const count = energies.length / BINS;
    const means = Array.from({ length: BINS }, (_, bin) => {
      let sum = 0;
      for (let i = bin; i < energies.length; i += BINS) sum += energies[i] / count;
      return sum;
    });
    for (let frame = 0; frame < count; frame++) {
      const distances = [0, 1, 2, 3, 4].map((unit) =>
        means.reduce(
          (sum, mean, bin) => sum + (energies[frame * BINS + bin] - mean - Number(centers[unit * BINS + bin])) ** 2,
          0,
        ),
      );
      if (labels[at++] === distances.indexOf(Math.min(...distances))) same++;
    }
  }
  // Frames halfway between two centres may go either way by rounding.
  t.true(same >= 0.99 * labels.length, `${same} of ${labels.length}`);
});

const ALIGNED = LENGTHS.map((_, i) => `utterance-${i} 0.0 0.2 a_B\nutterance-${i} 0.2 0.2 b_E\n`).join('');

test('an alignment labels frames by phone, endings of word positions apart', async (t) => {
  const dir = temporaryFolder(t);
  writeFileSync(join(dir, 'ali.txt'), ALIGNED);
  const { result } = await runStage({
    registry,
    artifacts,
    stage: 'alignments',
    options: { corpus: 'corpus', file: join(dir, 'ali.txt') },
    dir,
  });
  t.like(result, { kind: 'class', names: ['a', 'b'], shiftMs: 10, utterances: LENGTHS.length });
  const bytes = readFileSync(join(dir, 'labels.i16'));
  const labels = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  const frames = LENGTHS.map((samples) => Math.floor(samples / 160));
  t.deepEqual(
    [...labels],
    frames.flatMap((count) => Array.from({ length: count }, (_, i) => (i < 20 ? 0 : i < 40 ? 1 : -1))),
  );

  // 2.01 s, whose thousandfold is a little less than 2010 in floating point.
  await voiceCorpus(join(dir, 'exact'), [32160]);
  const corpus = artifactAt(join(dir, 'exact'), 'corpus', { path: null });
  writeFileSync(join(dir, 'exact.txt'), 'utterance-0 0 2 a\nutterance-0 2 0.01 b\n');
  const options = { corpus: 'corpus', file: join(dir, 'exact.txt') };
  const exact = await runStage({
    registry,
    artifacts: { corpus },
    stage: 'alignments',
    options,
    dir: join(dir, 'labels'),
  });
  t.like(exact.result, { labelled: 1 });
  t.deepEqual([...readNpy(join(dir, 'labels', 'frames.npy')).data], [201]);
});

test('posteriors of a frame classifier become soft labels; logarithms, and rows beyond the audio, are refused', async (t) => {
  const dir = temporaryFolder(t);
  const posteriors = join(dir, 'post.ark');
  const options = { corpus: 'corpus', posteriors };
  const write = (rows: string) => writeFileSync(posteriors, `utterance-3  [\n${rows} ]\n`);
  write('0.25 0.75\n1 0');
  const { result } = await runStage({ registry, artifacts, stage: 'alignments', options, dir });
  t.like(result, { kind: 'shares', names: ['0', '1'], shiftMs: 10 });
  // 0.25, 0.75, 1 and 0 as float16.
  t.is(readFileSync(join(dir, 'shares.f16')).toString('hex'), '0034003a003c0000');
  const bad = async (rows: string, message: RegExp) => {
    write(rows);
    await t.throwsAsync(runStage({ registry, artifacts, stage: 'alignments', options, dir }), {
      instanceOf: UserError,
      message,
    });
  };
  await bad('-1.4 -0.3', /row 0 sums to -1\.70: these are no posteriors\. Give probabilities/);
  writeFileSync(posteriors, 'utterance-3  [ 0.25 0.75 ]\n');
  await t.throwsAsync(runStage({ registry, artifacts, stage: 'alignments', options, dir }), {
    instanceOf: UserError,
    message: /'utterance-3' is a vector of 2 numbers, and posteriors are a matrix/,
  });
  await bad('1 0\n'.repeat(90), /'utterance-3' has 90 rows, one every 10 ms, and its audio has 0\.54 s/);
});

const BAD_ALIGNMENTS: Record<string, [text: string, more: Record<string, unknown>, message: RegExp]> = {
  'longer than the audio': [
    'utterance-0 0 0.9 a\nutterance-1 0 0.2 b\n',
    {},
    /'a' of 'utterance-0' ends at 0\.9 s, and its audio has 0\.406 s.*slackSeconds/,
  ],
  'of overlapping phones': [
    'utterance-0 0 0.2 a\nutterance-0 0.1 0.2 b\n',
    {},
    /lines 1 and 2: .* overlap.*take the utterance out/,
  ],
  'of utterances that are not there': [
    'someone 0 0.2 a\nutterance-0 0 0.2 b\n',
    {},
    /1 utterances are not in the corpus .*'someone'.*strays: leave-out/,
  ],
  'of phones that are not in the list': [
    ALIGNED,
    { phones: 'phones.txt' },
    /1 phones are not in the list of phones: 'b'\. Correct the names/,
  ],
  'of one phone': ['utterance-0 0 0.2 a\n', {}, /tells 1 phones apart; two are needed/],
};

for (const [what, [text, more, message]] of Object.entries(BAD_ALIGNMENTS))
  test(`an alignment ${what} is refused`, async (t) => {
    const dir = temporaryFolder(t);
    writeFileSync(join(dir, 'ali.txt'), text);
    writeFileSync(join(dir, 'phones.txt'), 'a 1\nc 2\n');
    const phones = 'phones' in more ? { phones: join(dir, 'phones.txt') } : {};
    const options = { corpus: 'corpus', file: join(dir, 'ali.txt'), ...phones };
    await t.throwsAsync(runStage({ registry, artifacts, stage: 'alignments', options, dir }), {
      instanceOf: UserError,
      message,
    });
  });
