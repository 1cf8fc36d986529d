import test from 'ava';
import { fuseScores } from '../../src/eval/score-fusion.js';
import { close } from '../helpers/close.js';

test('scores are fused by their weighted mean, and a trial without a face keeps the score of its voice', (t) => {
  const fused = fuseScores(Float32Array.of(0.5, 0.2, -1), Float32Array.of(0.1, Number.NaN, 1), 0.25);
  close(t, fused, [0.4, 0.2, -0.5], 1e-6);
});
