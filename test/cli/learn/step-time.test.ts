import test from 'ava';
import { stepTimer } from '../../../src/cli/learn/step-time.js';

test('the time of a step leaves out the first ones, which build the graph', (t) => {
  let clock = 0;
  const timer = stepTimer(() => clock);
  for (const milliseconds of [90_000, 5000, 700, 400, 400, 400, 400, 400]) {
    clock += milliseconds;
    timer.update({ step: 1, total: 8 });
  }
  t.is(timer.stepSeconds(), 0.4);
});

test('too few steps are not measured', (t) => {
  const timer = stepTimer(() => 0);
  timer.update({ step: 1, total: 8 });
  t.throws(() => timer.stepSeconds(), { message: /1 steps are too few/ });
});
