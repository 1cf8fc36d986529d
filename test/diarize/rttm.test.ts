import test from 'ava';
import { formatted } from '../../src/diarize/output.js';
import { parseRttm, readRttm, rttmText } from '../../src/diarize/rttm.js';
import { UserError } from '../../src/errors.js';

const SEGMENTS = [
  { startSeconds: 0.5, endSeconds: 2.25, speaker: 'speaker1' },
  { startSeconds: 2, endSeconds: 3.125, speaker: 'speaker 2' },
];

test('RTTM is written and read back; blanks in names become underlines', (t) => {
  const text = rttmText('my talk', SEGMENTS);
  t.is(text.split('\n')[0], 'SPEAKER my_talk 1 0.500 1.750 <NA> <NA> speaker1 <NA> <NA>');
  const recordings = parseRttm(text, 'x.rttm');
  t.deepEqual([...recordings.keys()], ['my_talk']);
  t.deepEqual(recordings.get('my_talk'), [SEGMENTS[0], { ...SEGMENTS[1], speaker: 'speaker_2' }]);
});

test('other lines, comments, Windows line ends and the nine-field form are read', (t) => {
  const text = [
    ';; comment',
    'SPKR-INFO a 1 <NA> <NA> <NA> unknown x <NA>',
    'SPEAKER a 1 0 1 <NA> <NA> x <NA>',
    '',
    'SPEAKER  b 1 3 0 <NA> <NA> x <NA> <NA>',
  ].join('\r\n');
  const recordings = parseRttm(text, 'x');
  t.deepEqual(recordings.get('a'), [{ startSeconds: 0, endSeconds: 1, speaker: 'x' }]);
  t.deepEqual(recordings.get('b'), []);
});

test('a broken line is named', (t) => {
  for (const line of [
    'SPEAKER a 1 zero 1 <NA> <NA> x',
    'SPEAKER a 1 0 -1 <NA> <NA> x',
    'SPEAKER a 1 0 1',
    'RIFF',
    'speaker a 1 0 1',
  ]) {
    t.throws(() => parseRttm(`;;\n${line}`, 'talk.rttm'), { instanceOf: UserError, message: /talk\.rttm:2/ });
  }
  t.throws(() => readRttm('/none.rttm'), { instanceOf: UserError, message: /does not exist/ });
});

test('JSON and label tracks', (t) => {
  const all = [{ recording: 'talk', segments: SEGMENTS }];
  t.deepEqual(JSON.parse(formatted(all, 'json')), [
    {
      recording: 'talk',
      speakers: 2,
      segments: [
        { start: 0.5, end: 2.25, speaker: 'speaker1' },
        { start: 2, end: 3.125, speaker: 'speaker 2' },
      ],
    },
  ]);
  t.is(formatted(all, 'audacity'), '0.500\t2.250\tspeaker1\n2.000\t3.125\tspeaker 2\n');
});
