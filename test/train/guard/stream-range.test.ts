import test from 'ava';
import { createStreamRange } from '../../../src/train/guard/stream-range.js';

/** What is said of steps with these peaks and errors. */
function said(steps: [peak: number, errors?: number][]): string[] {
  const lines: string[] = [];
  const see = createStreamRange('frev-resnet34', (line) => lines.push(line));
  for (const [step, [streamPeak, streamErrors = 0]] of steps.entries())
    see(step, { loss: 1, streamPeak, streamErrors });
  return lines;
}

test('small streams, and networks without streams, are passed over in silence', (t) => {
  t.deepEqual(said([[3], [127.9]]), []);
  const lines: string[] = [];
  createStreamRange('resnet34', (line) => lines.push(line))(0, { loss: 1 });
  t.deepEqual(lines, []);
});

test('at half the range the network, the largest value and the cure are named, once', (t) => {
  const [line, ...more] = said([[100], [131.26], [140]]);
  t.deepEqual(more, []);
  t.regex(line, /^warning: step 1: the streams of frev-resnet34 reach 131, half of the 256 .* exactly\. .*rate\.peak/);
  t.regex(line, /optimizer\.clipNorm.*recompute: false/);
});

test('beyond the range gradients are said to be approximate, once', (t) => {
  const [near, left, ...more] = said([[200], [300], [400, 2], [150]]);
  t.deepEqual(more, []);
  t.regex(near, /step 0: .* reach 200, half/);
  t.regex(
    left,
    /step 1: the streams of frev-resnet34 reach 300; .* below 256 only, beyond it gradients are approximate/,
  );
});

test('activations that were not recovered are reported, however small the ends are', (t) => {
  const [line, ...more] = said([[20], [30, 1], [300, 1]]);
  t.deepEqual(more, []);
  t.regex(line, /step 1: .* reach 30; .* some were not, and gradients are approximate/);
});
