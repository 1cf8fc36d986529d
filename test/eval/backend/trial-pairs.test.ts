import test from 'ava';
import { UserError } from '../../../src/errors.js';
import { scoreTrials } from '../../../src/eval/cosine-scoring.js';
import { distance } from './fixture.js';

const embeddings = new Map([
  ['a', Float32Array.of(2, 0)],
  ['b', Float32Array.of(0, 0.5)],
  ['c', Float32Array.of(-3, 0)],
  ['t', Float32Array.of(1, 1)],
]);
const trial = (enrolment: string) => ({ enrolment, test: 't', target: true });

test('a model of several utterances is the mean of their directions; other enrolments are utterances', (t) => {
  const enrolments = new Map([['model', ['a', 'b']]]);
  const scores = scoreTrials(embeddings, [trial('model'), trial('a')], { enrolments });
  t.true(distance(scores, [1, Math.SQRT1_2]) < 1e-6);
});

test('empty, unknown and opposite enrolments are named', (t) => {
  const fails = (utterances: string[], message: RegExp) =>
    t.throws(() => scoreTrials(embeddings, [trial('model')], { enrolments: new Map([['model', utterances]]) }), {
      instanceOf: UserError,
      message,
    });
  fails([], /model has no utterance/);
  fails(['a', 'x', 'y'], /2 utterances that cannot be found: x, y/);
  fails(['a', 'c'], /model cancel out/);
});
