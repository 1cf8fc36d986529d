import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Command } from 'commander';
import { register as registerCalibrate } from '../../src/cli/calibrate.js';
import { register } from '../../src/cli/score/score.js';
import { checkSides, embedList, scoreSides, sidesOf } from '../../src/cli/score/score-asymmetric.js';
import { readModel, writeModel } from '../../src/embed/model-file.js';
import { weightsIdentity } from '../../src/embed/weights-identity.js';
import { UserError } from '../../src/errors.js';
import { float32, type HostTensor } from '../../src/host-tensor.js';
import { describeModel } from '../../src/tools/describe-model.js';
import {
  enrollSpeakers,
  type Identification,
  identifySpeakers,
  openSpeakerModel,
  verifySpeaker,
} from '../../src/tools.js';
import { writeTinyCorpus } from '../helpers/corpora/tiny-corpus.js';
import { writeTinyModel } from '../helpers/networks/tiny-model.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

/** The weights of a network that learned from another one, nearly. */
const learned = ({ data, shape }: HostTensor): HostTensor =>
  float32(
    (data as Float32Array).map((value, i) => value * (1 + 0.02 * Math.sin(i))),
    [...shape],
  );

/** A corpus, a network, its student, and another network with one of its own; all know their means but 'meanless'. */
async function makeFamily(t: ExecutionContext) {
  const dir = temporaryFolder(t);
  writeTinyCorpus(join(dir, 'corpus'), { train: 2, test: 2, each: 3 });
  const wav = (voice: number, n: number) => join(dir, 'corpus', `wav/voice${voice}/voice${voice}-${n}.wav`);
  const files = [0, 1, 2, 3].map((voice) => wav(voice, 0));
  const folder = (name: string) => join(dir, name);
  await writeTinyModel(folder('large'), { files });
  await writeTinyModel(folder('foreign'), { files, seed: 8 });
  for (const [student, teacher] of [
    ['small', 'large'],
    ['meanless', 'large'],
    ['stranger', 'foreign'],
  ]) {
    const model = readModel(folder(teacher));
    const { format: _, ...info } = model.info;
    const weights = Object.fromEntries(Object.entries(model.weights).map(([name, tensor]) => [name, learned(tensor)]));
    const about = { ...info, origin: `student of ${info.origin}`, space: weightsIdentity(model) };
    writeModel(folder(student), about, weights, student === 'meanless' ? null : model.mean);
  }
  const open = async (name: string) => {
    const model = await openSpeakerModel(folder(name), { device: 'cpu' });
    t.teardown(() => model.close());
    return model;
  };
  return { dir, wav, folder, open };
}

/** The cosine of two vectors, each without its model's mean. */
function plainCosine(a: Float32Array, meanA: Float32Array, b: Float32Array, meanB: Float32Array): number {
  const [x, y] = [a.map((value, i) => value - meanA[i]), b.map((value, i) => value - meanB[i])];
  const product = x.reduce((sum, value, i) => sum + value * y[i], 0);
  return product / Math.hypot(...x) / Math.hypot(...y);
}

test.serial('a small network verifies and identifies what its teacher enrolled, and no other', async (t) => {
  const { dir, wav, folder, open } = await makeFamily(t);
  const [large, small] = [await open('large'), await open('small')];
  const store = join(dir, 'store');
  const requests = [0, 1].map((voice) => ({ speaker: `voice ${voice}`, files: [wav(voice, 1)] }));
  await enrollSpeakers(store, large, requests);

  const listed = { name: 'a', path: wav(0, 1) };
  const vectors = async (model: typeof large, path: string) =>
    (await embedList([{ ...listed, path }], model.extractor)).embeddings.get('a')!;
  const expected = plainCosine(
    await vectors(large, wav(0, 1)),
    large.mean!,
    await vectors(small, wav(0, 2)),
    small.mean!,
  );
  const verified = await verifySpeaker(store, small, { speaker: 'voice 0', file: wav(0, 2), threshold: 0.1 });
  t.true(Math.abs(verified.score - expected) < 1e-5);
  t.is(verified.llr, null);
  const own = await verifySpeaker(store, large, { speaker: 'voice 0', file: wav(0, 2) });
  t.not(own.score, verified.score);
  const { results } = await identifySpeakers(store, small, [wav(0, 2)]);
  const found = (await results.next()).value as Identification;
  t.true(
    'matches' in found && Math.abs(found.matches.find(({ speaker }) => speaker === 'voice 0')!.score - expected) < 1e-5,
  );

  const refused = async (name: string, message: RegExp) => {
    const model = await open(name);
    await t.throwsAsync(verifySpeaker(store, model, { speaker: 'voice 0', file: wav(0, 2) }), {
      instanceOf: UserError,
      message,
    });
    await t.throwsAsync(identifySpeakers(store, model, [wav(0, 2)]), { instanceOf: UserError, message });
  };
  await refused(
    'foreign',
    /belongs to the model 'tiny 3 .*, but this is 'tiny 8 .* Use that model or a student that learned/,
  );
  await refused(
    'stranger',
    /This one learned the embeddings of 'tiny 8 \(tdnn, 6\)' with digest .* Use a student of 'tiny 3/,
  );
  await refused('meanless', /enrolled with a mean embedding subtracted, and 'student of tiny 3 .*' has none/);
  await t.throwsAsync(enrollSpeakers(store, small, requests), {
    instanceOf: UserError,
    message: /belongs to the model 'tiny 3/,
  });

  const trials = [0, 1].map((voice) => ({ enrolment: wav(0, 1), test: wav(voice, 2) }));
  const recordings = [wav(0, 1), wav(0, 2), wav(1, 2)].map((path) => ({ name: path, path }));
  const sides = sidesOf({ trials, recordings });
  t.deepEqual([sides.enrolled.length, sides.tested.length], [1, 2]);
  const side = async (name: string, model: typeof large, list: typeof recordings) => ({
    model: describeModel(folder(name)),
    ...(await embedList(list, model.extractor)),
  });
  const scores = scoreSides(
    { trials },
    { enrolled: await side('large', large, sides.enrolled), tested: await side('small', small, sides.tested) },
  );
  t.true(Math.abs(scores[0] - expected) < 1e-5 && scores.length === 2);

  const name = (voice: number, n: number) => `wav/voice${voice}/voice${voice}-${n}.wav`;
  const [list, out] = [join(dir, 'trials.txt'), join(dir, 'scores.txt')];
  writeFileSync(list, `1 ${name(0, 1)} ${name(0, 2)}\n0 ${name(0, 1)} ${name(1, 2)}\n`);
  const program = new Command();
  register(program);
  const models = ['--enroll-model', folder('large'), '--model', folder('small'), '--device', 'cpu'];
  const files = ['--trials', list, '--root', join(dir, 'corpus'), '--out', out];
  await program.parseAsync(['score'].concat(models, files), { from: 'user' });
  const written = readFileSync(out, 'utf8').trim().split('\n');
  t.is(written.length, 2);
  for (const [i, line] of written.entries()) t.true(Math.abs(Number(line.split(' ')[0]) - scores[i]) < 1e-5, line);

  const pairs = [0, 1, 2, 3].flatMap((a) =>
    [0, 1, 2, 3].map((b) => `${a === b ? 1 : 0} ${name(a, 1)} ${name(b, 2)}\n`),
  );
  writeFileSync(list, pairs.join(''));
  registerCalibrate(program);
  await program.parseAsync(['calibrate'].concat(models, files.slice(0, 4)), { from: 'user' });
  const claim = { speaker: 'voice 0', file: wav(0, 2) };
  const { score, llr, threshold } = await verifySpeaker(store, small, claim);
  t.is(score, verified.score);
  const { scale, offset, enrolledBy, equalError } = small.calibrationWith(large.identity)!;
  t.deepEqual(enrolledBy, large.identity);
  t.is(llr, scale * score + offset);
  t.is(threshold!.value, equalError.threshold);
  t.is(small.calibration, null, 'that of the small network with itself is another one');
});

test('sides of different spaces, or with parts of a back-end, are refused before anything is embedded', async (t) => {
  const { folder } = await makeFamily(t);
  const check = (enrolling: string, options = {}) =>
    checkSides(describeModel(folder(enrolling)), describeModel(folder('small')), { enrollModel: 'E', ...options });
  t.notThrows(() => check('large'));
  t.throws(() => check('stranger'), {
    instanceOf: UserError,
    message: /--enroll-model E .*'tiny 8 .* speaks that of 'tiny 3/,
  });
  t.throws(() => check('meanless'), { instanceOf: UserError, message: /Only one of both models knows the mean/ });
  t.notThrows(() => check('meanless', { raw: true }));
  t.throws(() => check('large', { norm: 'as-norm' }), { instanceOf: UserError, message: /--norm is of one model/ });
  t.throws(() => check('large', { cohort: 'c.npy' }), { instanceOf: UserError, message: /--cohort is of one model/ });
});
