import { join } from 'node:path';
import test from 'ava';
import { STFT_WINDOW } from '../../src/audio/stft/framing.js';
import { newFrame, planHostStft } from '../../src/audio/stft/host-stft.js';
import type { Tensor } from '../../src/engine/tf.js';
import { UserError } from '../../src/errors.js';
import { siSdr } from '../../src/eval/si-sdr.js';
import { float32, type HostTensor } from '../../src/host-tensor.js';
import { writeSafetensors } from '../../src/io/safetensors.js';
import { createScope } from '../../src/nn/scope.js';
import { norm } from '../../src/rows.js';
import { extractVoice, masked, oracleVoice } from '../../src/target-voice/extract-voice.js';
import { EXTRACTOR_FILE, readTargetExtractor, writeTargetExtractor } from '../../src/target-voice/extractor-file.js';
import { hostMask } from '../../src/target-voice/host-mask.js';
import { maskDistortion } from '../../src/target-voice/mask-loss.js';
import { mixVoices } from '../../src/target-voice/mixtures.js';
import { voiceMaskNetwork } from '../../src/target-voice/network.js';
import { BINS, type VoiceMaskShape } from '../../src/target-voice/shape.js';
import { mixTwo } from '../../src/target-voice/test-mixtures.js';
import { voiceOf } from '../../src/target-voice/voice.js';
import { close } from '../helpers/close.js';
import { checkGradients } from '../helpers/finite-differences.js';
import { liveIn } from '../helpers/networks/backbone-session.js';
import { normals, normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const SIZE = 3;
const model = { name: 'tiny', digest: 'a'.repeat(64) };
const numbers = ({ data }: HostTensor) => data as Float32Array;

/** Writes an extractor of drawn weights, and computes a mask with it in the graph. */
async function drawnExtractor(dir: string, shape: VoiceMaskShape, magnitudes: HostTensor, voice: Float32Array) {
  return withSession(async (session) => {
    const scope = createScope(session, 'mask', 5);
    const network = voiceMaskNetwork(scope, shape);
    await liveIn(session, scope, 5);
    const film = scope.params().filter(({ name }) => /condition\/.*weight$/.test(name));
    await session.load(Object.fromEntries(film.map(({ name, shape: of }) => [name, normalTensor(of, name, 0.4)])));
    const run = session.compile('run', ({ x, v }: Record<string, Tensor>) => ({
      mask: network.mask(x, v, { training: false }),
      ...Object.fromEntries(
        Object.entries(network.folded()).flatMap(([name, { scale, offset }]) => [
          [`${name}/scale`, scale],
          [`${name}/offset`, offset],
        ]),
      ),
    }));
    const { mask, ...folded } = await run({ x: magnitudes, v: float32(voice, [1, SIZE]) });
    const kept = scope
      .params()
      .map(({ name }) => name)
      .filter((name) => !name.includes('/norm/'));
    const named = Object.entries(await session.save(kept)).map(([name, value]) => [name.slice('mask/'.length), value]);
    const weights = { ...Object.fromEntries(named), ...folded };
    writeTargetExtractor(dir, { shape, model, mean: new Float32Array(SIZE) }, weights);
    return numbers(mask);
  });
}

test('a mask on the host is what its network gives in the graph, by either conditioning', async (t) => {
  const frames = 40;
  const magnitudes = float32(normals(frames * BINS, 'magnitudes').map(Math.abs), [1, frames, BINS]);
  const [voice, other] = [normals(SIZE, 'voice'), normals(SIZE, 'other')];
  for (const conditioning of ['film', 'concatenate'] as const) {
    const dir = temporaryFolder(t);
    const shape = { width: 4, blocks: 6, conditioning, embeddingSize: SIZE };
    const expected = await drawnExtractor(dir, shape, magnitudes, voice);
    const { network } = readTargetExtractor(dir);
    const found = hostMask(network, numbers(magnitudes), voice);
    close(t, found, expected, 2e-4, conditioning);
    const elsewhere = hostMask(network, numbers(magnitudes), other);
    t.true(
      elsewhere.some((value, i) => Math.abs(value - found[i]) > 0.01),
      'another voice, another mask',
    );
  }
});

test('a recording is the same in pieces as at once; a mask of ones gives it back', async (t) => {
  const dir = temporaryFolder(t);
  const shape = { width: 2, blocks: 2, conditioning: 'film' as const, embeddingSize: SIZE };
  const few = float32(new Float32Array(BINS), [1, 1, BINS]);
  const voice = normals(SIZE, 'voice');
  await drawnExtractor(dir, shape, few, voice);
  const { network } = readTargetExtractor(dir);
  // More than a thousand frames, which are a piece.
  const samples = normals(260000, 'recording', 0.1);
  const found = extractVoice(network, samples, voice);
  t.is(found.length, samples.length);
  const level = norm(samples) / Math.sqrt(samples.length);
  const whole = masked(samples, (stft, start, end) => {
    const count = stft.frames(samples.length);
    const all = new Float32Array(count * BINS);
    const frame = newFrame();
    for (let at = 0; at < count; at++) {
      planned.analyse(samples, at, frame);
      for (let bin = 0; bin < BINS; bin++)
        all[at * BINS + bin] = Math.hypot(frame.re[bin], frame.im[bin]) ** 0.3 / level ** 0.3;
    }
    return hostMask(network, all, voice).subarray(start * BINS, end * BINS);
  });
  close(t, found, whole, 1e-5);
  const ones = masked(samples, (_, start, end) => new Float32Array((end - start) * BINS).fill(1));
  close(t, ones, samples, 1e-6);
  t.throws(() => extractVoice(network, samples.subarray(0, STFT_WINDOW - 1), voice), {
    instanceOf: UserError,
    message: /lasts 31\.9 ms, and a mask needs one window of 32 ms/,
  });
  t.throws(() => extractVoice(network, new Float32Array(1000), voice), { instanceOf: UserError, message: /is silent/ });
});
const planned = planHostStft();

test('the loss is the energy of mask times mixture less the voice, over that of the voice, in dB', async (t) => {
  const shape = [2, 3, 4];
  const [mixture, voice] = [normalTensor(shape.concat(2), 'mixture'), normalTensor(shape.concat(2), 'voice')];
  const mask = float32(
    normals(24, 'mask').map((value) => 1 / (1 + Math.exp(-value))),
    shape,
  );
  const { y } = await withSession((session) => {
    const run = session.compile('run', (at: Record<string, Tensor>) => ({ y: maskDistortion(at.mask, at as never) }));
    return run({ mask, mixture, voice });
  });
  const expected = [0, 1].map((row) => {
    let [missed, wanted] = [0, 0];
    for (let at = 24 * row; at < 24 * (row + 1); at++) {
      const share = numbers(mask)[Math.floor(at / 2)];
      missed += (share * numbers(mixture)[at] - numbers(voice)[at]) ** 2;
      wanted += numbers(voice)[at] ** 2;
    }
    return 10 * Math.log10(missed / wanted + 0.001);
  });
  close(t, numbers(y), expected, 1e-4);
  await checkGradients(t, { mask, mixture, voice }, (at) => maskDistortion(at.mask, at as never));
});

test('the best mask gains more than any other tried, and keeps a lone voice', (t) => {
  // A tone and noise share few frequencies, and are told apart by a mask.
  const [low, other] = [new Float32Array(8000).map((_, i) => Math.sin(i * 0.2) * 0.1), normals(8000, 'other', 0.1)];
  const { mixture, target: own } = mixTwo(low, other, 0);
  const best = siSdr(oracleVoice(mixture, own), own);
  t.true(best > siSdr(mixture, own) + 10, `${best}`);
  close(t, oracleVoice(own, own), own, 1e-5);
});

test('mixtures have the ratio that was drawn for them, of a voice and the one so many rows below', async (t) => {
  const [rows, samples] = [4, 400];
  const voices = float32(
    Float32Array.from({ length: rows * samples }, (_, at) => {
      const row = Math.floor(at / samples);
      return 100 * (row + 1) * Math.sin((2 * Math.PI * (row + 1) * (at % samples)) / 100);
    }),
    [rows, samples],
  );
  const made = await withSession(async (session) => {
    const mix = session.compile('mix', ({ x }: Record<string, Tensor>) => ({
      ...mixVoices(x, { each: 2, snrDb: [3, 3] }, 'mix'),
    }));
    return mix({ x: voices, step: 0 });
  });
  const [mixture, target] = [made.mixture, made.target].map(numbers);
  for (let row = 0; row < rows; row++) {
    const part = (of: Float32Array) => of.subarray(row * samples, (row + 1) * samples);
    const rest = part(mixture).map((value, i) => value - part(target)[i]);
    t.true(Math.abs(20 * Math.log10(norm(part(target)) / norm(rest)) - 3) < 1e-3);
    const below = (row + 2) % rows;
    const other = numbers(voices).subarray(below * samples, (below + 1) * samples);
    const cosine = rest.reduce((sum, value, i) => sum + value * other[i], 0) / norm(rest) / norm(other);
    t.true(cosine > 0.9999, `row ${row}`);
    const level = 20 * Math.log10(norm(part(mixture)) / Math.sqrt(samples));
    t.true(Math.abs(level) <= 6.01, `${level} dB`);
  }
});

test('a voice is the mean direction around the mean embedding, with numbers of mean square 1', (t) => {
  const mean = Float32Array.of(1, 1);
  close(t, voiceOf([Float32Array.of(4, 1)], mean)!, [Math.SQRT2, 0], 1e-6);
  close(t, voiceOf([Float32Array.of(4, 1), Float32Array.of(1, 1.5)], mean)!, [1, 1], 1e-6);
  t.is(voiceOf([mean], mean), null);
});

test('a file that is no extractor is refused', (t) => {
  const dir = temporaryFolder(t);
  t.throws(() => readTargetExtractor(dir), {
    instanceOf: UserError,
    message: /is not there\. A stage `extract-target`/,
  });
  const file = join(dir, EXTRACTOR_FILE);
  writeSafetensors(file, { x: float32(1) }, {});
  t.throws(() => readTargetExtractor(file), { instanceOf: UserError, message: /not an extractor of voices/ });
  const shape = { width: 2, blocks: 1, conditioning: 'film' as const, embeddingSize: 2 };
  writeTargetExtractor(dir, { shape, model, mean: new Float32Array(2) }, {});
  t.throws(() => readTargetExtractor(dir), { instanceOf: UserError, message: /into\/weight is missing/ });
});
