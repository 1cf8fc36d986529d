import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { planHostFbank } from '../../src/audio/features/host-fbank.js';
import { diarize, diarizeOptions } from '../../src/diarize/diarize.js';
import { type OverlapDetector, overlapProbabilities, overlapSpans } from '../../src/diarize/overlap/detector.js';
import { OVERLAP_FILE, readOverlapDetector, writeOverlapDetector } from '../../src/diarize/overlap/detector-file.js';
import { CONTEXTS } from '../../src/diarize/overlap/layers.js';
import { BLOCK, mixtures } from '../../src/diarize/overlap/mixtures.js';
import { overlapNetwork } from '../../src/diarize/overlap/network.js';
import { addSecondVoices } from '../../src/diarize/overlap/second-voices.js';
import { type Segment, spansWithout } from '../../src/diarize/segments.js';
import type { Tensor } from '../../src/engine/tf.js';
import { UserError } from '../../src/errors.js';
import { float32, type HostTensor } from '../../src/host-tensor.js';
import { writeSafetensors } from '../../src/io/safetensors.js';
import { createScope } from '../../src/nn/scope.js';
import { hiss, sequence, spectrumExtractor, talk } from '../helpers/corpora/talk.js';
import { voiceCorpus } from '../helpers/corpora/voices.js';
import { liveIn } from '../helpers/networks/backbone-session.js';
import { normals } from '../helpers/random-values.js';
import { artifactAt, checkStage, newRegistry, runStage } from '../helpers/recipes/run-stage.js';
import { withSession } from '../helpers/session.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { smallFeatures } from '../helpers/training/small-training.js';

/** A detector that hears no sound and gives these odds everywhere. */
const deaf = (odds: number): OverlapDetector => ({
  features: smallFeatures,
  layers: CONTEXTS.map(({ kernel }, i) => ({
    weight: new Float32Array(kernel * (i === 0 ? smallFeatures.bins : 1)),
    bias: new Float32Array(1),
    scale: new Float32Array(1),
    offset: new Float32Array(1),
  })).concat([{ weight: new Float32Array(1), bias: Float32Array.of(odds) } as never]),
});

const turn = (startSeconds: number, endSeconds: number, speaker: string): Segment => ({
  startSeconds,
  endSeconds,
  speaker,
});

test('where two speak the nearest other speaker joins, on both sides of a change of turns', (t) => {
  const turns = [turn(0, 4, 'a'), turn(4, 6, 'b'), turn(9, 12, 'c')];
  t.deepEqual(addSecondVoices(turns, [{ startSeconds: 3.5, endSeconds: 4.5 }]), [
    turn(0, 4.5, 'a'),
    turn(3.5, 6, 'b'),
    turn(9, 12, 'c'),
  ]);
  t.deepEqual(addSecondVoices(turns, [{ startSeconds: 9, endSeconds: 9.5 }]), [
    turn(0, 4, 'a'),
    turn(4, 6, 'b'),
    turn(9, 9.5, 'b'),
    turn(9, 12, 'c'),
  ]);
  const pause = [{ startSeconds: 7, endSeconds: 8 }];
  t.deepEqual(addSecondVoices(turns, pause), turns, 'nobody speaks there');
  const alone = [turn(0, 4, 'a')];
  t.deepEqual(addSecondVoices(alone, [{ startSeconds: 1, endSeconds: 2 }]), alone, 'there is nobody else');
});

test('what is left of spans', (t) => {
  const span = (startSeconds: number, endSeconds: number) => ({ startSeconds, endSeconds });
  const taken = [span(1, 2), span(3, 5), span(8, 9)];
  t.deepEqual(spansWithout([span(0, 4), span(6, 7), span(8.2, 8.8)], taken), [span(0, 1), span(2, 3), span(6, 7)]);
});

test('the detector on the host gives what its network gives in the graph', async (t) => {
  const samples = normals(16000 * 2, 'noise', 0.1);
  const { bins } = smallFeatures;
  const energies = planHostFbank(smallFeatures)(samples);
  const frames = energies.length / bins;
  const means = Array.from({ length: bins }, (_, bin) => {
    let sum = 0;
    for (let i = bin; i < energies.length; i += bins) sum += energies[i];
    return sum / frames;
  });
  const input = float32(
    energies.map((value, i) => value - means[i % bins]),
    [1, frames, bins],
  );
  const file = join(temporaryFolder(t), OVERLAP_FILE);
  const expected = await withSession(async (session) => {
    const scope = createScope(session, 'overlap', 3);
    const network = overlapNetwork(scope, { bins, width: 5 });
    await liveIn(session, scope, 3);
    const run = session.compile('run', ({ x }: Record<string, Tensor>) => ({
      odds: network.odds(x, { training: false }),
      ...Object.fromEntries(
        network.folded().flatMap(({ scale, offset }, i) => [
          [`layer${i + 1}/scale`, scale],
          [`layer${i + 1}/offset`, offset],
        ]),
      ),
    }));
    const { odds, ...folded } = (await run({ x: input })) as Record<string, HostTensor>;
    const names = scope
      .params()
      .map(({ name }) => name)
      .filter((name) => !name.includes('/norm/'));
    const saved = Object.entries(await session.save(names)).map(([name, value]) => [
      name.slice('overlap/'.length),
      value,
    ]);
    writeOverlapDetector(file, { features: smallFeatures, width: 5 }, { ...Object.fromEntries(saved), ...folded });
    return odds.data as Float32Array;
  });
  const detector = readOverlapDetector(file);
  const found = overlapProbabilities(samples, detector);
  t.is(found.length, frames);
  for (const [i, value] of found.entries())
    t.true(Math.abs(value - 1 / (1 + Math.exp(-expected[i]))) < 1e-4, `frame ${i}`);
  t.true(Math.max(...found) - Math.min(...found) > 0.01, 'it hears something');

  // Windows of 300 frames every 200, of which the 50 at either end are the neighbours' where there are such.
  const long = normals(16000 * 7, 'long noise', 0.1);
  const joined = overlapProbabilities(long, detector);
  t.is(joined.length, 698);
  for (const [start, from, to] of [
    [0, 0, 250],
    [200, 250, 450],
    [400, 450, 698],
  ]) {
    const window = overlapProbabilities(long.slice(160 * start, 160 * (start + 299) + 400), detector);
    t.deepEqual([...joined.subarray(from, to)], [...window.subarray(from - start, to - start)], `from frame ${from}`);
  }
});

test('a file that is no detector is refused', (t) => {
  const dir = temporaryFolder(t);
  const file = join(dir, OVERLAP_FILE);
  t.throws(() => readOverlapDetector(file), { instanceOf: UserError, message: /is not there/ });
  writeSafetensors(file, { x: float32(Float32Array.of(1)) }, {});
  t.throws(() => readOverlapDetector(file), { instanceOf: UserError, message: /not a detector/ });
  writeOverlapDetector(file, { features: smallFeatures, width: 2 }, { x: float32(Float32Array.of(1)) });
  t.throws(() => readOverlapDetector(file), { instanceOf: UserError, message: /layer1\/weight is missing/ });
});

test('mixtures are labelled where both voices sound', async (t) => {
  const [rows, blocks] = [16, 100];
  const samples = blocks * BLOCK;
  // Even rows have one period in a block, odd ones two: a projection on each tells who sounds in it.
  const tone = (row: number, i: number) => Math.sin((2 * Math.PI * (1 + (row % 2)) * i) / BLOCK);
  const wave = float32(
    Float32Array.from({ length: rows * samples }, (_, i) => 300 * tone(Math.floor(i / samples), i % samples)),
    [rows, samples],
  );
  const made = await withSession(async (session) => {
    const mix = session.compile('mix', ({ x }: Record<string, Tensor>) => ({ ...mixtures(x, x, 'mix') }));
    return (await mix({ x: wave, step: 0 })) as Record<string, HostTensor>;
  });
  const [mixed, overlap, speech] = [made.wave, made.overlap, made.speech].map(({ data }) => data as Float32Array);
  const strength = (row: number, block: number, kind: number) => {
    let sum = 0;
    for (let i = 0; i < BLOCK; i++) sum += mixed[row * samples + block * BLOCK + i] * tone(kind, i);
    return Math.abs((2 * sum) / BLOCK);
  };
  let seen = 0;
  for (let row = 0; row < rows; row++) {
    const strengths = Array.from({ length: blocks }, (_, block) =>
      [row, row + 1].map((kind) => strength(row, block, kind)),
    );
    const loudest = [0, 1].map((voice) => Math.max(...strengths.map((pair) => pair[voice])));
    for (const [block, [own, other]] of strengths.entries()) {
      // A voice begins or ends within the other blocks.
      const isClear = [own, other].every((value, voice) => value < 1 || value > 0.99 * loudest[voice]);
      if (!isClear) continue;
      const both = own > 1 && other > 1 ? 1 : 0;
      seen += both;
      t.is(overlap[row * blocks + block], both);
      t.is(speech[row * blocks + block], own > 1 || other > 1 ? 1 : 0);
    }
  }
  t.true(seen > 20, `${seen} blocks of overlap`);
});

test('a conversation with a detector: two speakers where it hears them, as before where it hears none', async (t) => {
  const samples = sequence(hiss(0.5, 0), talk(0, 3), talk(2, 3), hiss(0.5, 0));
  const options = diarizeOptions.parse({ speakers: 2 });
  const before = await diarize(samples, spectrumExtractor, options);
  t.deepEqual(await diarize(samples, spectrumExtractor, options, { overlap: deaf(-5) }), before);
  const both = await diarize(samples, spectrumExtractor, options, { overlap: deaf(5) });
  t.is(both.length, 2);
  for (const { startSeconds, endSeconds } of both) {
    t.true(Math.abs(startSeconds - before[0].startSeconds) < 0.02);
    t.true(Math.abs(endSeconds - before[1].endSeconds) < 0.02);
  }
  const whole = overlapSpans(samples, deaf(5), 0.5);
  t.is(whole.length, 1);
  t.deepEqual(overlapSpans(samples, deaf(-5), 0.5), []);
});

test('a stage trains a detector; stopped and resumed it gives the same bytes', async (t) => {
  const dir = temporaryFolder(t);
  await voiceCorpus(dir, Array(8).fill(20000));
  const corpus = artifactAt(dir, 'corpus', { path: null });
  const options = {
    corpus: 'corpus',
    width: 4,
    features: { bins: 16 },
    cropSeconds: 1,
    batchSize: 4,
    steps: 4,
    checkpointSeconds: 0.001,
    rate: { peak: 0.003 },
  };
  const attempt = { registry: newRegistry(), stage: 'overlap', options, artifacts: { corpus } };
  const [whole, parts] = [temporaryFolder(t), temporaryFolder(t)];
  const { result } = await runStage({ ...attempt, dir: whole });
  t.like(result, { steps: 4, file: OVERLAP_FILE });
  await t.throwsAsync(runStage({ ...attempt, dir: parts, stopAt: 2 }), { message: 'stopped' });
  await runStage({ ...attempt, dir: parts, resume: true });
  t.deepEqual(readFileSync(join(parts, OVERLAP_FILE)), readFileSync(join(whole, OVERLAP_FILE)));
  t.deepEqual(await checkStage(attempt), []);
  const faults = (features: object) => checkStage({ ...attempt, options: { ...options, features } });
  t.regex((await faults({ frameShiftMs: 20 })).join(), /frames of 25 ms every 10 ms, not of 25 ms every 20 ms/);
  t.regex((await faults({ cmn: false })).join(), /features\.cmn: .* about their means/);
  t.regex((await faults({ frontEnd: 'librosa' })).join(), /features\.frontEnd: .* Leave frontEnd out/);
  t.is(readOverlapDetector(join(whole, OVERLAP_FILE)).layers.length, CONTEXTS.length + 1);
});
