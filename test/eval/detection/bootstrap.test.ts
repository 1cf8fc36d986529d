import test from 'ava';
import type { Trial } from '../../../src/data/trials.js';
import { UserError } from '../../../src/errors.js';
import { drawCounts, eerReplicates, percentileInterval } from '../../../src/eval/detection/bootstrap.js';
import { eerOf } from '../../../src/eval/detection/eer.js';
import { createRng, type Rng } from '../../../src/random.js';
import { readFixture } from '../fixture.js';

/** Speakers of two to four utterances each; every pair of utterances is a trial, scores on a grid with ties. */
function makeTrials(speakerCount: number, rng: Rng) {
  const utterances = Array.from({ length: speakerCount }, (_, s) =>
    Array.from({ length: 2 + rng.int(3) }, (_, u) => ({ name: `s${s}/${u}`, speaker: `s${s}` })),
  ).flat();
  const offsets = Array.from({ length: speakerCount }, () => rng.normal());
  const trials: Trial[] = [];
  const scores: number[] = [];
  for (const [i, a] of utterances.entries()) {
    for (const b of utterances.slice(i + 1)) {
      const target = a.speaker === b.speaker;
      trials.push({ enrolment: a.name, test: b.name, target });
      const offset = offsets[Number(a.speaker.slice(1))];
      scores.push(Math.round(8 * (rng.normal() + offset + (target ? 2 : 0))) / 8);
    }
  }
  return { trials, scores, speakers: new Map(utterances.map(({ name, speaker }) => [name, speaker])) };
}

test('a replicate is the EER of the trials written out as often as they weigh', (t) => {
  const { trials, scores, speakers } = makeTrials(6, createRng('expand'));
  const replicates = eerReplicates(scores, trials, speakers, { replicates: 40, seed: 3 })!;
  const rng = createRng(3).fork('bootstrap');
  for (const replicate of replicates) {
    let expected = Number.NaN;
    while (Number.isNaN(expected)) {
      const counts = drawCounts(6, rng);
      const copies = trials.flatMap((trial, i) => {
        const [a, b] = [trial.enrolment, trial.test].map((name) => Number(name.slice(1, name.indexOf('/'))));
        const weight = a === b ? counts[a] : counts[a] * counts[b];
        return Array.from({ length: weight }, () => ({ score: scores[i], target: trial.target }));
      });
      if (new Set(copies.map(({ target }) => target)).size < 2) continue;
      expected = eerOf(
        copies.map(({ score }) => score),
        copies.map(({ target }) => target),
      );
    }
    t.true(Math.abs(replicate - expected) < 1e-12, `${replicate} is not ${expected}`);
  }
});

test('n draws with replacement: counts sum to n and follow their distribution', (t) => {
  const rng = createRng('counts');
  const zeros = Array.from({ length: 2000 }, () => drawCounts(10, rng)).map((counts) => {
    t.is(
      counts.reduce((sum, count) => sum + count),
      10,
    );
    return counts.filter((count) => count === 0).length;
  });
  const mean = zeros.reduce((sum, count) => sum + count) / zeros.length;
  t.true(Math.abs(mean - 10 * 0.9 ** 10) < 0.1);
});

test('the interval holds the estimate, is wider than one that draws trials, and comes again with its seed', (t) => {
  const { trials, scores, speakers } = makeTrials(20, createRng('interval'));
  const eer = eerOf(
    scores,
    trials.map(({ target }) => target),
  );
  const replicates = eerReplicates(scores, trials, speakers, { seed: 1 })!;
  const [low, high] = percentileInterval(replicates);
  t.true(low < eer && eer < high);
  // Each trial its own two speakers: an ordinary bootstrap over trials, which ignores that trials share speakers.
  const own = trials.map((trial, i) => ({ ...trial, enrolment: `a${i}`, test: `b${i}` }));
  const ownSpeakers = new Map(
    own.flatMap(
      (trial, i) =>
        [
          [trial.enrolment, `${i}`],
          [trial.test, `${i}`],
        ] as const,
    ),
  );
  const [ownLow, ownHigh] = percentileInterval(eerReplicates(scores, own, ownSpeakers, { seed: 1, replicates: 300 })!);
  t.true(high - low > 1.3 * (ownHigh - ownLow), `${high - low} against ${ownHigh - ownLow}`);
  t.deepEqual(eerReplicates(scores, trials, speakers, { seed: 1 }), replicates);
  t.notDeepEqual(eerReplicates(scores, trials, speakers, { seed: 2 }), replicates);
});

test('three speakers: draws without nontargets are repeated; of two every draw is the same, and there is no interval', (t) => {
  const three = makeTrials(3, createRng('three'));
  const replicates = eerReplicates(three.scores, three.trials, three.speakers, { replicates: 50 })!;
  t.true(replicates.every((eer) => eer >= 0 && eer <= 1));
  t.true(new Set(replicates).size > 1);
  const two = makeTrials(2, createRng('two'));
  t.is(eerReplicates(two.scores, two.trials, two.speakers), null);
});

test('an utterance of unknown speaker is named', (t) => {
  const trials = [{ enrolment: 'a', test: 'lost', target: true }];
  const speakers = new Map([['a', 's']]);
  t.throws(() => eerReplicates([1], trials, speakers), { instanceOf: UserError, message: /lost/ });
});

test('percentiles agree with numpy', (t) => {
  const { values, central95 } = readFixture<{ values: number[]; central95: number[] }>('quantiles.json');
  const interval = percentileInterval(Float64Array.from(values));
  for (const [i, bound] of interval.entries()) t.true(Math.abs(bound - central95[i]) < 1e-9);
});
