import test from 'ava';
import { audioExtensions, formatNames, recognise } from '../../../src/audio/decode/formats.js';
import { bytesOf, latin1 } from './recordings.js';

test('every extension belongs to one format', (t) => {
  t.is(
    audioExtensions.join(' '),
    'aac aif aifc aiff amr ape au awb caf flac g722 m4a mka mp2 mp3 oga ogg opus shn snd sph tta voc w64 wav wave weba webm wma wv',
  );
});

test('formats are listed in a sentence', (t) => {
  t.is(
    formatNames,
    'WAV, Sony Wave64, AIFF, Sun AU, NIST SPHERE, FLAC, Ogg (Opus, Vorbis or FLAC), M4A, G.722 (.g722), AAC and MP3, ' +
      "and with ffmpeg on the PATH WebM or Matroska, AMR, Core Audio, Windows Media, WavPack, True Audio, Monkey's Audio, " +
      'Shorten, Creative Voice, Flash video and AVI',
  );
});

test('the content decides the format, the name only where no header does', (t) => {
  t.like(recognise(bytesOf('flac-16.flac'), 'x.g722'), { name: 'FLAC' });
  t.like(recognise(Uint8Array.of(1, 2, 3, 4), 'x.G722'), { name: 'G.722 (.g722)' });
  t.like(recognise(bytesOf('foreign.webm'), 'x.wav'), { name: 'WebM or Matroska' });
  t.deepEqual(recognise(latin1('#!SILK_V3'), 'x.wav'), { unreadable: 'SILK sound' });
  t.is(recognise(Uint8Array.of(1, 2, 3, 4), 'x.wav'), null);
});
