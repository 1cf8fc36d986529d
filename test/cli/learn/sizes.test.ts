import test from 'ava';
import {
  batchFor,
  clustersFor,
  gateEpochs,
  LEAST_RECORDINGS,
  trainingFor,
  widthFor,
} from '../../../src/cli/learn/sizes.js';

const halfAnHour = { recordings: 600, seconds: 1800 };
const trained = (budgetSeconds: number, material = halfAnHour) =>
  trainingFor(material, { batchSize: batchFor(material), stepSeconds: 0.5, budgetSeconds });

test('the network grows with the hours of audio', (t) => {
  const widths = [0.5, 1.9, 2, 19, 20, 500].map((hours) => widthFor({ recordings: 100, seconds: 3600 * hours }));
  t.deepEqual(widths, [128, 128, 256, 256, 512, 512]);
});

test('a batch is a power of two that leaves a second batch, up to 64', (t) => {
  const sizes = [LEAST_RECORDINGS, 31, 32, 127, 128, 100_000].map((recordings) => batchFor({ recordings, seconds: 1 }));
  t.deepEqual(sizes, [8, 8, 16, 32, 64, 64]);
});

test('clusters are chosen from two up to one for every four recordings', (t) => {
  t.deepEqual(clustersFor({ recordings: 616, seconds: 1 }), { from: 2, to: 154 });
  t.deepEqual(clustersFor({ recordings: 20, seconds: 1 }), { from: 2, to: 5 });
  t.is(clustersFor({ recordings: 1_000_000, seconds: 1 }).to, 2000);
});

test('a training takes about the time it is given, where that is neither too little nor more than is of use', (t) => {
  for (const minutes of [3, 5, 10]) {
    const { seconds } = trained(60 * minutes);
    t.true(seconds > 0.6 * 60 * minutes && seconds <= 1.05 * 60 * minutes, `${minutes} min: ${seconds} s`);
  }
});

test('with hardly any time there is still one round of two epochs, and the time it takes is told', (t) => {
  const { steps, rounds, epochs, seconds } = trained(1);
  t.deepEqual({ steps, rounds, epochs }, { steps: 20, rounds: 1, epochs: 2 });
  // 20 steps and two epochs of eight, half a second each, are 18 s without what lies between.
  t.true(seconds > 18 && seconds < 60, `${seconds} s`);
});

test('with days of time the training ends after a hundred epochs and five rounds of twelve', (t) => {
  const { steps, rounds, epochs } = trained(1e6);
  t.deepEqual({ steps, rounds, epochs }, { steps: 900, rounds: 5, epochs: 12 });
});

test('more time never means less training', (t) => {
  let [steps, passes] = [0, 0];
  for (let minutes = 1; minutes < 120; minutes++) {
    const sizes = trained(60 * minutes);
    t.true(sizes.steps >= steps, `${minutes} min`);
    // The epochs of all rounds may fall by what is lost in rounding to whole epochs of a round.
    t.true(sizes.rounds * sizes.epochs >= passes - sizes.rounds, `${minutes} min`);
    [steps, passes] = [sizes.steps, sizes.rounds * sizes.epochs];
  }
});

test('the gate opens after a sixth of the epochs and correction follows, never before it', (t) => {
  t.deepEqual(gateEpochs(12), { gateFromEpoch: 2, correctionFromEpoch: 8 });
  for (let epochs = 2; epochs <= 12; epochs++) {
    const { gateFromEpoch, correctionFromEpoch } = gateEpochs(epochs);
    t.true(gateFromEpoch >= 1 && correctionFromEpoch >= gateFromEpoch && correctionFromEpoch < epochs);
  }
});
