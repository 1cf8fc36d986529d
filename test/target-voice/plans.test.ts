import test from 'ava';
import { UserError } from '../../src/errors.js';
import { norm } from '../../src/rows.js';
import { pairVoices } from '../../src/target-voice/pairing.js';
import { mixTwo, planTestMixtures } from '../../src/target-voice/test-mixtures.js';
import { normals } from '../helpers/random-values.js';

test('batches are made of as many speakers as there are; speakers of one recording and unknown ones are left out', (t) => {
  const names = ['a', 'b', 'a', 'c', '', 'b', 'd', 'd', 'a'];
  const { labels, each, speakers } = pairVoices(names, 4);
  t.deepEqual(Array.from(labels), [0, 1, 0, -1, -1, 1, 2, 2, 0]);
  t.is(speakers, 3);
  t.is(each, 2, 'three speakers make a batch of four as two times two');
  t.is(pairVoices(names, 3).each, 1);
  t.throws(() => pairVoices(['a', 'a', 'b', ''], 4), {
    instanceOf: UserError,
    message: /two speakers with two training utterances each, and the corpus has 1 such speaker\./,
  });
  t.throws(() => pairVoices(names, 7), { instanceOf: UserError, message: /^batchSize: 7 cannot be made/ });
});

test('test mixtures are of two speakers, and enrolled by other recordings', (t) => {
  const speakers = Array.from({ length: 20 }, (_, i) => (i === 19 ? '' : `speaker ${i % 5}`));
  const plan = { count: 50, snrDb: [-5, 5] as const, seed: 'mixtures' };
  const mixtures = planTestMixtures(speakers, plan);
  t.is(mixtures.length, 50);
  for (const { target, other, enrolment, otherEnrolment, wrong, snrDb } of mixtures) {
    t.is(speakers[enrolment], speakers[target]);
    t.is(speakers[otherEnrolment], speakers[other]);
    t.not(enrolment, target);
    t.not(otherEnrolment, other);
    t.is(new Set([target, other, wrong!].map((i) => speakers[i])).size, 3);
    t.true(snrDb >= -5 && snrDb <= 5);
    t.false([target, other, enrolment, wrong].includes(19), 'an unknown speaker is nobody');
  }
  t.deepEqual(planTestMixtures(speakers, plan), mixtures, 'by the seed');
  t.notDeepEqual(planTestMixtures(speakers, { ...plan, seed: 'others' }), mixtures);
  t.is(planTestMixtures(['a', 'a', 'b', 'b'], { ...plan, count: 1 })[0].wrong, null, 'there is no third speaker');
  t.throws(() => planTestMixtures(['a', 'a', 'a', 'b'], plan), {
    instanceOf: UserError,
    message: /two speakers with two utterances each, and the corpus has 1 such speaker to test with/,
  });
});

test('two utterances are mixed at a ratio, as long as the shorter one, within full scale', (t) => {
  const [own, other] = [normals(900, 'own', 0.05), normals(1000, 'other', 0.3)];
  const { mixture, target } = mixTwo(own, other, -4);
  t.is(mixture.length, 900);
  const rest = mixture.map((value, i) => value - target[i]);
  t.true(Math.abs(20 * Math.log10(norm(target) / norm(rest)) + 4) < 1e-4);
  const loud = mixTwo(
    own.map((value) => value * 15),
    other,
    0,
  );
  t.true(Math.max(...loud.mixture.map(Math.abs)) <= 1);
});
