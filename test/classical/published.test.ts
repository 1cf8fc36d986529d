import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { close } from '../helpers/close.js';
import { type NaiveMixture, naiveLikelihood, naiveRound } from '../helpers/oracles/naive-mixture.js';

interface Published {
  frames: number[][];
  start: number[][];
  rounds: number;
  mixture: NaiveMixture & { logLikelihood: number };
}

const path = fileURLToPath(new URL('../../../test/fixtures/classical/published.json', import.meta.url));
const { frames, start, rounds, mixture } = JSON.parse(readFileSync(path, 'utf8')) as Published;

test('the plain arrays that mixtures are compared with give what scikit-learn gives from the same start', (t) => {
  let found: NaiveMixture = {
    weights: start.map(() => 1 / start.length),
    means: start,
    variances: start.map((row) => row.map(() => 1)),
  };
  for (let round = 0; round < rounds; round++)
    found = naiveRound(
      frames,
      found,
      start[0].map(() => 0),
    );
  close(t, found.weights, mixture.weights, 1e-9);
  close(t, found.means.flat(), mixture.means.flat(), 1e-9);
  close(t, found.variances.flat(), mixture.variances.flat(), 1e-9);
  close(t, [naiveLikelihood(frames, found)], [mixture.logLikelihood], 1e-9);
});
