import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { UserError } from '../../src/errors.js';
import { calibrate, writeCalibration } from '../../src/speakers/calibration.js';
import { replacedCalibration } from '../../src/speakers/replaced-calibration.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const model = { name: 'one', digest: '1'.repeat(64) };

function calibrationOn(source: string, targets: number, nontargets: number) {
  const spread = (count: number, from: number) =>
    Float64Array.from({ length: count }, (_, i) => from + i / (2 * count));
  const scores = { targets: spread(targets, 0.3), nontargets: spread(nontargets, 0) };
  return calibrate(scores, { model, meanSubtracted: true, source, kind: 'scores' });
}

test('a calibration takes the place of another one from 30 trials of each kind on, and says of which', (t) => {
  const dir = temporaryFolder(t);
  t.is(replacedCalibration(dir, calibrationOn('first', 3, 3)), null);
  writeCalibration(dir, calibrationOn('first', 40, 500));
  t.is(replacedCalibration(dir, calibrationOn('next', 30, 30)), 'on first, 40 target and 500 nontarget trials');
  for (const [targets, nontargets] of [
    [29, 30],
    [30, 29],
  ]) {
    const few = calibrationOn('few', targets, nontargets);
    t.throws(() => replacedCalibration(dir, few), {
      instanceOf: UserError,
      message: new RegExp(
        `left as it is \\(on first, 40 .*rest on ${targets} target and ${nontargets} nontarget trials.*--few`,
      ),
    });
    t.regex(replacedCalibration(dir, few, { few: true })!, /^on first/);
  }
});

test('one that cannot be read is told of, and takes as many trials to replace', (t) => {
  const dir = temporaryFolder(t);
  const path = writeCalibration(dir, calibrationOn('first', 40, 500));
  writeFileSync(path, readFileSync(path, 'utf8').slice(0, 40));
  t.regex(replacedCalibration(dir, calibrationOn('next', 30, 30))!, /cannot be used/);
  t.throws(() => replacedCalibration(dir, calibrationOn('few', 3, 3)), { instanceOf: UserError, message: /--few/ });
  t.is(path, join(dir, 'calibration.json'));
});
