import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { UserError } from '../../src/errors.js';
import { sortInPlace } from '../../src/eval/detection/sorted-scores.js';
import { createRng } from '../../src/random.js';
import { calibrate, readCalibration, writeCalibration } from '../../src/speakers/calibration.js';
import { scoresOfFile } from '../../src/speakers/calibration-scores.js';
import { calibrationWarnings } from '../../src/speakers/calibration-warnings.js';
import { chooseThreshold, llrOf } from '../../src/speakers/decision.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { kindOf } from './units.js';

const { model } = kindOf();
const about = { model, meanSubtracted: true, source: 'dev.txt', kind: 'trials' as const };

/** Cosines of 2000 target and so many nontarget trials. */
function drawScores(nontargets: number) {
  const rng = createRng('scores');
  const draw = (count: number, centre: number) =>
    Float64Array.from({ length: count }, () => centre + 0.1 * rng.normal());
  return sortInPlace({ targets: draw(2000, 0.6), nontargets: draw(nontargets, 0.1) });
}

test('thresholds keep the false accepts they promise; log-likelihood ratios are those of the drawn Gaussians', (t) => {
  const scores = drawScores(20_000);
  const found = calibrate(scores, about);
  for (const { allowed, threshold, falseAccept, falseReject } of found.thresholds) {
    const accepted = scores.nontargets.filter((score) => score > threshold).length / 20_000;
    t.is(accepted, falseAccept);
    t.true(accepted <= allowed && accepted > allowed - 1e-3);
    t.is(scores.targets.filter((score) => score <= threshold).length / 2000, falseReject);
  }
  t.deepEqual(
    found.thresholds.map(({ allowed }) => allowed),
    [0.1, 0.01, 0.001],
  );
  // Equal variances: llr = (m1 - m0) / s^2 * (x - (m1 + m0) / 2).
  t.true(Math.abs(found.scale - 50) < 4 && Math.abs(llrOf(found, 0.35)!) < 0.5, JSON.stringify(found));
  t.true(found.cllr > 0 && found.cllr < 0.1);
});

test('a calibration comes back from the model folder; a broken one or one of other weights is refused', (t) => {
  const dir = temporaryFolder(t);
  t.is(readCalibration(dir, model), null);
  const found = calibrate(drawScores(500), about);
  const path = writeCalibration(dir, found);
  t.deepEqual(readCalibration(dir, model), found);
  t.throws(() => readCalibration(dir, kindOf('two').model), {
    instanceOf: UserError,
    message: /'one'.*'two'.*Calibrate again/,
  });
  writeFileSync(path, '{"format": "voxloop-calibration-1"}');
  t.throws(() => readCalibration(dir, model), {
    instanceOf: UserError,
    message: /calibration\.json is not a calibration/,
  });
});

test('the threshold asked for, the one for 1 %, that of the equal error rate, and none without a calibration', (t) => {
  const found = calibrate(drawScores(20_000), about);
  const [ten, one, tenth] = found.thresholds.map(({ threshold }) => threshold);
  t.deepEqual(chooseThreshold(found), { value: one, basis: '1 % false accepts on dev.txt', calibrated: true });
  t.is(chooseThreshold(found, { falseAccepts: 0.1 })?.value, ten);
  t.is(chooseThreshold(found, { falseAccepts: 0.001 })?.value, tenth);
  t.deepEqual(chooseThreshold(found, { threshold: 0.5 }), { value: 0.5, basis: 'given', calibrated: false });
  t.throws(() => chooseThreshold(found, { falseAccepts: 0.02 }), {
    instanceOf: UserError,
    message: /2 % false accepts, only for 10 %, 1 %, 0\.1 %/,
  });
  const few = calibrate(drawScores(50), { ...about, kind: 'crops' });
  t.deepEqual(
    few.thresholds.map(({ allowed }) => allowed),
    [0.1],
  );
  t.deepEqual(chooseThreshold(few), {
    value: few.equalError.threshold,
    basis: 'equal error rate on dev.txt, optimistic: without labels',
    calibrated: true,
  });
  t.deepEqual([chooseThreshold(null), llrOf(null, 0.3)], [null, null]);
  t.is(chooseThreshold(null, { threshold: 0.5 })?.value, 0.5);
  t.throws(() => chooseThreshold(null, { falseAccepts: 0.01 }), { instanceOf: UserError, message: /no calibration/ });
});

test('what rests on too few trials, or is missing for lack of them, is said with what is needed', (t) => {
  const warned = (nontargets: number, targets = 2000) => {
    const scores = drawScores(nontargets);
    return calibrationWarnings(calibrate({ ...scores, targets: scores.targets.slice(0, targets) }, about));
  };
  t.deepEqual(warned(30_000), []);
  t.deepEqual(warned(29_999), [
    'the threshold for 0.1 % false accepts rests on 29 of them, of 29999 nontarget trials; 30000 make it reliable',
  ]);
  t.deepEqual(
    calibrate(drawScores(9), about).thresholds.map(({ allowed }) => allowed),
    [],
  );
  t.deepEqual(warned(9, 2), [
    'there is no threshold for 10 % false accepts: it takes 10 nontarget trials or more, and there are 9; 300 make it reliable',
    'there is no threshold for 1 % false accepts: it takes 100 nontarget trials or more, and there are 9; 3000 make it reliable',
    'there is no threshold for 0.1 % false accepts: it takes 1000 nontarget trials or more, and there are 9; 30000 make it reliable',
    'false rejects and log-likelihood ratios rest on 2 target trials; 30 are the least to go by',
  ]);
  t.is(
    warned(10)[0],
    'the threshold for 10 % false accepts rests on 1 of them, of 10 nontarget trials; 300 make it reliable',
  );
});

test('a broken line of scores is answered with what this command has', async (t) => {
  const dir = temporaryFolder(t, { 'broken.txt': '0.5 1\n0.4 a b\n' });
  const error = await t.throwsAsync(scoresOfFile(join(dir, 'broken.txt')), { instanceOf: UserError });
  t.regex(error!.message, /broken\.txt:2: .*got "0\.4 a b"\.\nIf the columns .* write them as SCORE 1\|0\.$/);
  t.notRegex(error!.message, /--columns/);
});

test('a file of scores must hold cosines, of both kinds', async (t) => {
  const dir = temporaryFolder(t, {
    'good.txt': '0.9 1\n0.2 0\n-0.1 0\n',
    'llr.txt': '4.5 1\n-3 0\n',
    'one.txt': '0.5 1\n0.4 1\n',
  });
  const { targets, nontargets } = await scoresOfFile(join(dir, 'good.txt'));
  t.deepEqual([[...targets], [...nontargets]], [[0.9], [-0.1, 0.2]]);
  await t.throwsAsync(scoresOfFile(join(dir, 'llr.txt')), { instanceOf: UserError, message: /scores from -3 to 4\.5/ });
  await t.throwsAsync(scoresOfFile(join(dir, 'one.txt')), {
    instanceOf: UserError,
    message: /2 target and 0 nontarget/,
  });
});
