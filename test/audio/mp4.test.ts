import test from 'ava';
import { decodeBytes, decodeFile } from '../../src/audio/decode.js';
import { decodeWithFfmpeg } from '../../src/audio/ffmpeg.js';
import { UserError } from '../../src/errors.js';
import { isOnPath } from '../../src/io/on-path.js';
import { bytesOf, recording, signalToNoiseDb } from './recordings.js';

const sine = Float32Array.from({ length: 8000 }, (_, i) => Math.sin((2 * Math.PI * 440 * i) / 16000) / 8);

test('m4a: as long as what was encoded, neither early nor late, and close to it', async (t) => {
  const { sampleRateHz, channels } = await decodeFile(recording('sine.m4a'));
  t.is(sampleRateHz, 16000);
  t.is(channels.length, 1);
  t.true(Math.abs(channels[0].length - 8000) <= 1024, `${channels[0].length} samples`);
  const snr = signalToNoiseDb(sine, channels[0].subarray(0, 8000), 1024);
  t.true(snr > 25, `${snr} dB`);
});

test('raw AAC frames are decoded too', async (t) => {
  const { sampleRateHz, channels } = await decodeFile(recording('foreign.aac'));
  t.true(channels[0].length / sampleRateHz > 0.05);
  t.true(channels[0].some((value) => Math.abs(value) > 0.01));
});

(isOnPath('ffmpeg') ? test : test.skip)(
  'ffmpeg finds the same sound, and says what is wrong with another file',
  async (t) => {
    const { sampleRateHz, channels } = await decodeWithFfmpeg(bytesOf('sine.m4a'), 'x.m4a', 'mov');
    t.is(sampleRateHz, 16000);
    t.true(signalToNoiseDb(sine, channels[0].subarray(0, 8000), 1024) > 25);
    await t.throwsAsync(decodeWithFfmpeg(bytesOf('foreign.webm'), 'x.m4a', 'mov'), {
      instanceOf: UserError,
      message: /x\.m4a is damaged: ffmpeg says: /,
    });
  },
);

test("an m4a file that was cut short, at any byte, is the user's error", async (t) => {
  const bytes = bytesOf('foreign.m4a');
  for (let length = 12; length < bytes.length; length += 37) {
    await t.throwsAsync(decodeBytes(bytes.subarray(0, length), 'cut.m4a'), {
      instanceOf: UserError,
      message: /cut\.m4a is (cut short|damaged: it is cut short)/,
    });
  }
});
