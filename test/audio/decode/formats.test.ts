import test from 'ava';
import { audioExtensions, formatNames, recognise } from '../../../src/audio/decode/formats.js';
import { bytesOf } from './recordings.js';

test('every extension belongs to one format', (t) => {
  t.deepEqual(audioExtensions, [
    'aac',
    'aif',
    'aifc',
    'aiff',
    'au',
    'flac',
    'g722',
    'm4a',
    'mp2',
    'mp3',
    'oga',
    'ogg',
    'opus',
    'snd',
    'sph',
    'w64',
    'wav',
    'wave',
  ]);
});

test('formats are listed in a sentence', (t) => {
  t.is(
    formatNames,
    'WAV, Sony Wave64, AIFF, Sun AU, NIST SPHERE, FLAC, Ogg (Opus, Vorbis or FLAC), M4A, G.722 (.g722), AAC and MP3',
  );
});

test('the content decides the format, the name only where no header does', (t) => {
  t.like(recognise(bytesOf('flac-16.flac'), 'x.g722'), { name: 'FLAC' });
  t.like(recognise(Uint8Array.of(1, 2, 3, 4), 'x.G722'), { name: 'G.722 (.g722)' });
  t.deepEqual(recognise(bytesOf('foreign.webm'), 'x.wav'), { foreign: 'a WebM or Matroska container' });
  t.is(recognise(Uint8Array.of(1, 2, 3, 4), 'x.wav'), null);
});
