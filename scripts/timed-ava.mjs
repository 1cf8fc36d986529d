// AVA, which writes a line for each finished test to the file that VOXLOOP_TEST_TIMES names: {file, title, seconds, fileSeconds}, where
// `fileSeconds` is the time since the test file was first heard of. TAP has no place for durations, so its reporter is listened to.
import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';
import TapReporter from '../node_modules/ava/lib/reporters/tap.js';

const firstHeardMs = new Map();
const consume = TapReporter.prototype.consumeStateChange;

TapReporter.prototype.consumeStateChange = function (event) {
  consume.call(this, event);
  const { type, testFile, title, duration } = event;
  if (testFile === undefined) return;
  if (!firstHeardMs.has(testFile)) firstHeardMs.set(testFile, performance.now());
  if (type !== 'test-passed' && type !== 'test-failed') return;
  const file = relative('dist', testFile).replace(/js$/, 'ts');
  const fileSeconds = (performance.now() - firstHeardMs.get(testFile)) / 1000;
  const times = { file, title, seconds: duration / 1000, fileSeconds };
  appendFileSync(process.env.VOXLOOP_TEST_TIMES, `${JSON.stringify(times)}\n`);
};

await import('../node_modules/ava/entrypoints/cli.mjs');
