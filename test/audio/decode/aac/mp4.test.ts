import { readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import test from 'ava';
import { decodeBytes, decodeFile } from '../../../../src/audio/decode/decode.js';
import { decodeWithFfmpeg } from '../../../../src/audio/decode/ffmpeg.js';
import { UserError } from '../../../../src/errors.js';
import { isOnPath } from '../../../../src/io/on-path.js';
import { writeWav16 } from '../../../../src/io/wav-write.js';
import { temporaryFolder } from '../../../helpers/temporary-folder.js';
import { bytesOf, recording, signalToNoiseDb } from '../recordings.js';

const sine = Float32Array.from({ length: 8000 }, (_, i) => Math.sin((2 * Math.PI * 440 * i) / 16000) / 8);

test('m4a: as long as what was encoded, neither early nor late, and close to it', async (t) => {
  const { sampleRateHz, channels } = await decodeFile(recording('sine.m4a'));
  t.is(sampleRateHz, 16000);
  t.is(channels.length, 1);
  t.true(Math.abs(channels[0].length - 8000) <= 1024, `${channels[0].length} samples`);
  const snr = signalToNoiseDb(sine, channels[0].subarray(0, 8000), 1024);
  t.true(snr > 25, `${snr} dB`);
});

test('raw AAC frames of 16 kHz come out at 16 kHz, not at the doubled rate of band replication', async (t) => {
  const { sampleRateHz, channels } = await decodeFile(recording('sine.aac'));
  t.is(sampleRateHz, 16000);
  t.true(channels[0].length >= 8000 && channels[0].length <= 8000 + 1024, `${channels[0].length} samples`);
  const snr = signalToNoiseDb(sine, channels[0].subarray(0, 8000), 1024);
  t.true(snr > 25, `${snr} dB`);
});

test('an m4a file whose header leaves band replication open is as long, at whatever rate', async (t) => {
  const bytes = bytesOf('sine.m4a');
  // The extension that says "no band replication"; without it a decoder of 16 kHz sound cannot know.
  const extension = Buffer.from(bytes).indexOf(Uint8Array.of(0x56, 0xe5, 0x00));
  bytes.fill(0, extension, extension + 3);
  const { sampleRateHz, channels } = await decodeBytes(bytes, 'open.m4a');
  const core = channels[0].filter((_, i) => i % (sampleRateHz / 16000) === 0);
  t.true(Math.abs(core.length - 8000) <= 1024, `${core.length} samples`);
  t.true(signalToNoiseDb(sine.subarray(0, 7000), core.subarray(0, 7000), 1024) > 25);
});

// Only where ffmpeg is installed; what is asked of it is tested everywhere, by the stand-in below.
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

test.serial(
  'what is asked of ffmpeg: one container through a pipe, 32-bit WAV back, its last complaint handed on',
  async (t) => {
    const folder = temporaryFolder(t);
    // Stands for ffmpeg: notes its arguments and hands back the WAV file that it is fed, or complains.
    const standIn = `#!${process.execPath}
    const { readFileSync, writeFileSync } = require('node:fs');
    writeFileSync(${JSON.stringify(join(folder, 'arguments'))}, process.argv.slice(2).join(' '));
    const bytes = readFileSync(0);
    if (bytes.subarray(0, 4).toString() === 'RIFF') process.stdout.write(bytes);
    else process.stderr.write('moov atom not found\\n[cache @ 0x1] Statistics\\n', () => process.exit(1));`;
    writeFileSync(join(folder, 'ffmpeg'), standIn, { mode: 0o755 });
    const path = process.env.PATH;
    process.env.PATH = [folder, path].join(delimiter);
    t.teardown(() => {
      process.env.PATH = path;
    });
    writeWav16(join(folder, 'sine.wav'), sine, 16000);
    const { sampleRateHz, channels } = await decodeWithFfmpeg(readFileSync(join(folder, 'sine.wav')), 'x.m4a', 'mov');
    t.is(sampleRateHz, 16000);
    t.true(signalToNoiseDb(sine, channels[0], 0) > 60);
    const asked = readFileSync(join(folder, 'arguments'), 'utf8');
    t.regex(asked, /-protocol_whitelist cache,pipe .*-f mov -i cache:pipe:0 .*-c:a pcm_f32le -f wav pipe:1$/);
    await t.throwsAsync(decodeWithFfmpeg(Buffer.from('no sound'), 'x.m4a', 'mov'), {
      instanceOf: UserError,
      message: /x\.m4a is damaged: ffmpeg says: moov atom not found/,
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

/** The file with a field of one of its boxes overwritten: `offset` from the box's type on. */
function withField(type: string, offset: number, ...values: number[]): Uint8Array {
  const bytes = bytesOf('sine.m4a');
  bytes.set(values, Buffer.from(bytes).indexOf(type) + offset);
  return bytes;
}

for (const table of ['stsd', 'stts', 'stsc', 'stco', 'elst']) {
  test(`an m4a file whose table ${table} states more rows than it has is refused, not read for ever`, async (t) => {
    const bytes = withField(table, 8, 0xff, 0xff, 0xff, 0xf0);
    await t.throwsAsync(decodeBytes(bytes, 'rows.m4a'), {
      instanceOf: UserError,
      message: new RegExp(`rows\\.m4a is damaged: its table '${table}' states 4294967280 rows, and \\d+ fit`),
    });
  });
}

test('so are samples, listed or of one size, that the file cannot hold', async (t) => {
  const message = /its table 'stsz' states/;
  await t.throwsAsync(decodeBytes(withField('stsz', 12, 0x20, 0, 0, 0), 'a.m4a'), { message });
  await t.throwsAsync(decodeBytes(withField('stsz', 8, 0, 0, 0, 9, 0x20, 0, 0, 0), 'b.m4a'), { message });
});

test("lengths of the decoder's settings that turn negative in 32 bits are refused, not walked back and forth", async (t) => {
  const bytes = withField('esds', 8, 6, 0xff, 0xff, 0xff, 0xff, 0x7f);
  await t.throwsAsync(decodeBytes(bytes, 'back.m4a'), { instanceOf: UserError, message: /length in 5 bytes/ });
});
