import test from 'ava';
import { bestRound, isOver } from '../../../src/stages/loop/judge-rounds.js';

const rounds = (...cropEers: number[]) => cropEers.map((cropEer) => ({ cropEer, kept: 1, agreement: 0.5 }));

test('the round with the least error of crop trials is the best; of equals the first', (t) => {
  t.is(bestRound(rounds(0.2, 0.198, 0.389, 0.357, 0.21)), 1);
  t.is(bestRound(rounds(0.2, 0.198, 0.389, 0.357, 0.21, 0.165)), 5);
  t.is(bestRound(rounds(0.3, 0.2, 0.2)), 1);
});

test('it is over after as many rounds without a better one as patience allows', (t) => {
  t.false(isOver([], 1));
  t.false(isOver(rounds(0.3), 1));
  t.true(isOver(rounds(0.3, 0.3), 1));
  t.false(isOver(rounds(0.3, 0.2, 0.4), 2));
  t.true(isOver(rounds(0.3, 0.2, 0.4, 0.25), 2));
  t.false(isOver(rounds(0.3, 0.2, 0.4, 0.1), 2));
});
