import test from 'ava';
import { toPcm16 } from '../../src/data/shards/pcm16.js';
import { speechShortage, tooLittleSpeech } from '../../src/embed/speech-shortage.js';
import { hiss, sequence, talk } from '../helpers/corpora/talk.js';

const shortage = (least: number, ...parts: Float32Array[]) => speechShortage(toPcm16(sequence(...parts)), least);

test('speech is counted, and not sound', (t) => {
  const short = shortage(3, hiss(1, 0), talk(0, 2), hiss(3, 0));
  t.true(short !== null && Math.abs(short.speechSeconds - 2) < 0.3, JSON.stringify(short));
  t.is(shortage(1.5, hiss(1, 0), talk(0, 2), hiss(3, 0)), null);
  t.deepEqual(shortage(0.5, hiss(4, 0.05)), { speechSeconds: 0, leastSeconds: 0.5 });
  t.is(shortage(0, hiss(4)), null, 'nothing is asked for');
});

test('a long recording is heard to its end where its beginning does not hold enough', (t) => {
  t.is(shortage(3, hiss(22, 0), talk(0, 4), hiss(1, 0)), null);
  t.is(shortage(3, talk(0, 4), hiss(22, 0)), null);
  const both = shortage(5, talk(0, 2), hiss(20, 0), talk(0, 2), hiss(1, 0));
  t.true(both !== null && Math.abs(both.speechSeconds - 4) < 0.6, JSON.stringify(both));
});

test('what is lacking is said in seconds', (t) => {
  t.is(tooLittleSpeech({ speechSeconds: 1.234, leastSeconds: 3 }), 'too little speech (1.2 s of 3 s)');
  t.is(tooLittleSpeech({ speechSeconds: 0, leastSeconds: 1.25 }), 'too little speech (0.0 s of 1.25 s)');
});
