import test from 'ava';
import { decodeBytes, mixToMono } from '../../../../src/audio/decode/decode.js';
import { UserError } from '../../../../src/errors.js';
import { bytesOf, largestDifference } from '../recordings.js';

const chained = (...names: string[]) => Buffer.concat(names.map(bytesOf));

test('links of one form follow one another', async (t) => {
  const one = await decodeBytes(bytesOf('vorbis.ogg'), 'x.ogg');
  const two = await decodeBytes(chained('vorbis.ogg', 'vorbis.ogg'), 'x.ogg');
  t.is(two.sampleRateHz, 16000);
  t.deepEqual(two.channels[0], Float32Array.from([...one.channels[0], ...one.channels[0]]));
});

test('links with different numbers of channels are mixed down', async (t) => {
  const mono = await decodeBytes(bytesOf('opus.opus'), 'x.opus');
  const stereo = await decodeBytes(bytesOf('opus-stereo.opus'), 'x.opus');
  t.is(stereo.channels.length, 2);
  const { sampleRateHz, channels } = await decodeBytes(chained('opus.opus', 'opus-stereo.opus'), 'x.opus');
  t.is(sampleRateHz, 48000);
  t.is(channels.length, 1);
  const expected = Float32Array.from([...mono.channels[0], ...mixToMono(stereo.channels)]);
  t.is(channels[0].length, expected.length);
  t.is(largestDifference(expected, channels[0]), 0);
});

test('links with different sampling rates are not read', async (t) => {
  const bytes = chained('vorbis.ogg', 'vorbis-stereo-44100.ogg');
  await t.throwsAsync(decodeBytes(bytes, 'x.ogg'), {
    instanceOf: UserError,
    message: /x\.ogg .*different sampling rates/,
  });
});
