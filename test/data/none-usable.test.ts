import test from 'ava';
import { noneUsable } from '../../src/data/none-usable.js';

test('where nothing can be used, the kinds of reasons are counted, most frequent first, before the first one is told', (t) => {
  const short = Array.from({ length: 17 }, (_, i) => ({
    file: `s${i}.wav`,
    reason: 'too short: 0.20 s long; at least 1 s are needed',
  }));
  const empty = { file: '/a/x.wav', reason: '/a/x.wav is empty (0 bytes). Copy it again, or leave it out.' };
  t.is(
    noneUsable([empty, ...short]).message,
    'None of the 18 recordings can be used: 17 too short, 1 empty or silent. The first: ' +
      '/a/x.wav is empty (0 bytes). Copy it again, or leave it out.',
  );
  t.regex(
    noneUsable(short).message,
    /^None of the 17 recordings can be used: 17 too short\. The first: s0\.wav: too short/,
  );
  t.is(noneUsable([empty]).message, `The only recording cannot be used: ${empty.reason}`);
});

test('a kind that is given counts; words in the name of a file do not', (t) => {
  const reasons = [
    { file: 'a.wav', reason: 'too loud', kind: 'clipped' },
    { file: 'silent/b.wav', reason: 'silent/b.wav does not exist.' },
    { file: 'c.wav', reason: 'c.wav lasts 12 ms; an embedding needs at least 25 ms.' },
    { file: 'd.wav', reason: 'd.wav: the embedding that the model gives is not finite (NaN or infinite).' },
    { file: 'e.wav', reason: 'e.wav is not audio that voxloop knows.' },
  ];
  t.regex(
    noneUsable(reasons).message,
    /: 1 clipped, 1 not there, 1 too short, 1 without a finite embedding, 1 unreadable\. The first: a\.wav: too loud$/,
  );
});
