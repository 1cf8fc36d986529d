import test from 'ava';
import { smoothWindows } from '../../src/diarize/smooth-windows.js';
import { windowsOf } from '../../src/diarize/speech-windows.js';
import { norm, unitRows } from '../../src/rows.js';
import { close } from '../helpers/close.js';
import { normals } from '../helpers/random-values.js';

const SIZE = 3;
const span = (startSeconds: number, endSeconds: number) => ({ startSeconds, endSeconds });

test('windows of one stretch that are near are averaged, those of another are not', (t) => {
  // Middles at 0.5, 1, 1.5 and 2 s, and at 2.7 s behind a pause.
  const speech = [span(0, 2.5), span(2.6, 2.8)];
  const windows = windowsOf(speech, 1, 0.5);
  t.is(windows.length, 5);
  const vectors = unitRows(normals(5 * SIZE, 'windows'), SIZE, norm);
  const row = (i: number) => Array.from(vectors.subarray(i * SIZE, (i + 1) * SIZE));
  const mean = (...rows: number[]) => {
    const sum = Array.from({ length: SIZE }, (_, k) => rows.reduce((total, i) => total + row(i)[k], 0));
    return sum.map((value) => value / Math.hypot(...sum));
  };
  const smoothed = smoothWindows(speech, windows, vectors, 0.5);
  close(t, smoothed, [...mean(0, 1), ...mean(0, 1, 2), ...mean(1, 2, 3), ...mean(2, 3), ...row(4)], 1e-5);
  close(t, smoothWindows(speech, windows, vectors, 0), vectors, 1e-6);
  const all = mean(0, 1, 2, 3);
  close(t, smoothWindows(speech, windows, vectors, 100), [...all, ...all, ...all, ...all, ...row(4)], 1e-5);
});
