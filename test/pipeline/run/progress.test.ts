import test from 'ava';
import { createProgress } from '../../../src/pipeline/run/progress.js';

/** A display on a stream that remembers, with a clock that is set by hand. */
function display(options: { isTTY?: boolean; columns?: number; environment?: NodeJS.ProcessEnv }) {
  const clock = { ms: 0 };
  const written: string[] = [];
  const { isTTY = false, columns, environment = {} } = options;
  const stream = { write: (text: string) => written.push(text), isTTY, columns };
  const progress = createProgress({ stream, label: 'dino', now: () => clock.ms, environment });
  return { clock, written, progress };
}

const at = (step: number, loss: number) => ({ step, total: 1000, fields: { loss } });

test('off a terminal: a plain line every ten seconds, and the last state', (t) => {
  const { clock, written, progress } = display({});
  for (let step = 0; step <= 50; step++) {
    clock.ms = step * 500;
    progress.update(at(step, 5 - step / 100));
  }
  progress.done();
  t.deepEqual(written, [
    'dino 0/1000 0%  loss 5\n',
    'dino 20/1000 2%  loss 4.8  2 steps/s  8:10 left\n',
    'dino 40/1000 4%  loss 4.6  2 steps/s  8:00 left\n',
    'dino 50/1000 5%  loss 4.5  2 steps/s  7:55 left\n',
  ]);
});

test('a resumed stage counts its rate from where it went on', (t) => {
  const { clock, written, progress } = display({});
  progress.update(at(900, 1));
  clock.ms = 20_000;
  progress.update(at(910, 1));
  t.is(written[1], 'dino 910/1000 91%  loss 1  2 s/step  3:00 left\n');
});

test('a stage of several parts counts the rate of each by itself', (t) => {
  const { clock, written, progress } = display({});
  progress.update({ step: 0, total: 10 });
  clock.ms = 100_000;
  progress.update({ step: 10, total: 10 });
  progress.update({ step: 0, total: 500 });
  clock.ms = 110_000;
  progress.update({ step: 50, total: 500 });
  t.is(written.at(-1), 'dino 50/500 10%  5 steps/s  1:30 left\n');
});

test('on a terminal: one live line, at most ten times a second; NO_COLOR is honoured', (t) => {
  const { clock, written, progress } = display({ isTTY: true, environment: { NO_COLOR: '1' } });
  progress.update(at(0, 1));
  clock.ms = 50;
  progress.update(at(1, 1));
  t.deepEqual(written, ['\r\x1b[2Kdino 0/1000 0%  loss 1']);
  progress.line('checkpoint written');
  t.deepEqual(written.slice(1), [
    '\r\x1b[2Kdino checkpoint written\n',
    '\r\x1b[2Kdino 1/1000 0%  loss 1  20 steps/s  0:50 left',
  ]);
  progress.done();
  t.is(written.at(-1), '\n');
});

test('colours on a terminal only, and never more than its width', (t) => {
  const wide = display({ isTTY: true });
  wide.progress.update(at(0, 1));
  t.is(wide.written[0], '\r\x1b[2K\x1b[36mdino\x1b[0m 0/1000 0%  loss 1');
  const narrow = display({ isTTY: true, columns: 24, environment: { NO_COLOR: '1' } });
  narrow.progress.update({ step: 1, total: 2, fields: { note: 'a long note that does not fit' } });
  t.is(narrow.written[0].replace('\r\x1b[2K', '').length, 23);
  const dumb = display({ isTTY: true, environment: { TERM: 'dumb' } });
  dumb.progress.update(at(0, 1));
  t.is(dumb.written[0], 'dino 0/1000 0%  loss 1\n');
});

test('figures are short, whatever their size', (t) => {
  const { written, progress } = display({});
  progress.update({
    step: 3,
    total: 0,
    fields: { a: 1.23456, b: 0.00001234, c: 1234567.8, d: -0.5, e: 12, f: 'x', g: Number.NaN },
  });
  t.is(written[0], 'dino 3/0  a 1.235  b 1.23e-5  c 1.23e+6  d -0.5  e 12  f x  g NaN\n');
});

test('nothing was shown: nothing is left behind', (t) => {
  const { written, progress } = display({ isTTY: true });
  progress.done();
  t.deepEqual(written, []);
});
