import test from 'ava';
import fc from 'fast-check';
import { decodeBytes } from '../../../../src/audio/decode/decode.js';
import { int16Bytes, wavBytes, wave64Bytes } from '../wav-bytes.js';

const decode = async (bytes: Uint8Array) => (await decodeBytes(bytes, 'x.wav')).channels.map((c) => [...c]);
const HALF = 16384;

test('chunks may come in any order, with others of odd length between them', async (t) => {
  const data = int16Bytes(HALF, -HALF);
  for (const order of [
    ['LIST', 'fmt ', 'junk', 'data', 'id3 '],
    ['data', 'fmt '],
    ['bext', 'data', 'LIST', 'fmt '],
  ]) {
    t.deepEqual(await decode(wavBytes({ data, order })), [[0.5, -0.5]]);
  }
});

test('a chunk of odd length without its padding byte does not hide the next one', async (t) => {
  const data = int16Bytes(HALF, -HALF);
  for (const order of [
    ['LIST', 'fmt ', 'data'],
    ['fmt ', 'LIST', 'data'],
    ['fmt ', 'bext', 'LIST', 'data', 'id3 '],
  ]) {
    t.deepEqual(await decode(wavBytes({ data, order, isUnpadded: true })), [[0.5, -0.5]]);
    // A Buffer's slice is a view: such samples stand at an odd place there, too.
    t.deepEqual(await decode(Buffer.from(wavBytes({ data, order, isUnpadded: true }))), [[0.5, -0.5]]);
  }
});

test('a block size that contradicts bits and channels is not believed', async (t) => {
  const data = int16Bytes(HALF, -HALF, 0, HALF);
  for (const blockBytes of [0, 1, 4, 8, 65535])
    t.deepEqual(await decode(wavBytes({ data, blockBytes })), [[0.5, -0.5, 0, 0.5]]);
  const stereo = [
    [0.5, 0],
    [-0.5, 0.5],
  ];
  for (const blockBytes of [2, 8]) t.deepEqual(await decode(wavBytes({ data, channels: 2, blockBytes })), stereo);
  const floats = new Uint8Array(Float32Array.of(0.25, -1).buffer);
  t.deepEqual(await decode(wavBytes({ data: floats, formatTag: 3, bitsPerSample: 32, blockBytes: 8 })), [[0.25, -1]]);
  const laws = wavBytes({ data: Uint8Array.of(0x80, 0x00), formatTag: 7, bitsPerSample: 16, blockBytes: 2 });
  t.deepEqual(await decode(laws), [[32124 / 32768, -32124 / 32768]]);
});

test('24 bits in blocks of 4 bytes could be three things, and are refused', async (t) => {
  const contradictory = wavBytes({ data: int16Bytes(1, 2), bitsPerSample: 24, blockBytes: 4 });
  await t.throwsAsync(decodeBytes(contradictory, 'x.wav'), {
    message: /contradicts itself: 24 bits in 1 channels take 3/,
  });
});

test('24 valid bits in 32 are read as 32, and an extension that is missing is told', async (t) => {
  const data = new Uint8Array(Int32Array.of(2 ** 30, -(2 ** 30)).buffer);
  const extension = Buffer.from('16001800040000000100000000001000800000aa00389b71', 'hex');
  t.deepEqual(await decode(wavBytes({ data, formatTag: 0xfffe, bitsPerSample: 32, extension })), [[0.5, -0.5]]);
  const without = wavBytes({ data, formatTag: 0xfffe, bitsPerSample: 32 });
  await t.throwsAsync(decodeBytes(without, 'x.wav'), { message: /fmt chunk ends before the extension/ });
});

test('a length that leads out of a file that is whole by its outer length is not believed', async (t) => {
  const data = int16Bytes(HALF, -HALF);
  const riff = wavBytes({ data }).length - 8;
  t.deepEqual(await decode(wavBytes({ data, statedDataBytes: 48, statedRiffBytes: riff })), [[0.5, -0.5]]);
  await t.throwsAsync(decode(wavBytes({ data, statedDataBytes: 48, statedRiffBytes: riff + 44 })), {
    message: /2 of 24/,
  });
});

test('a data chunk that is missing is damage, with the chunk behind which it should stand', async (t) => {
  const without = wavBytes({ data: new Uint8Array(), order: ['fmt ', 'LIST'] });
  await t.throwsAsync(decodeBytes(without, 'x.wav'), { message: /data chunk.*missing: behind its chunk 'LIST'/ });
});

test('an ID3 tag in front of any format is stepped over', async (t) => {
  const tag = Buffer.from([0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 0, 3, 9, 9, 9]);
  const wav = wavBytes({ data: int16Bytes(HALF, -HALF) });
  t.deepEqual(await decode(Buffer.concat([tag, wav])), [[0.5, -0.5]]);
  t.deepEqual(await decode(Buffer.concat([tag, tag, wav])), [[0.5, -0.5]]);
});

test('Sony Wave64 is read, other chunks between or not, and one cut short is told', async (t) => {
  const data = int16Bytes(HALF, -HALF, 0);
  for (const others of [[], ['levl'], ['levl', 'list']]) {
    const { sampleRateHz, channels } = await decodeBytes(wave64Bytes(data, 8000, others), 'x.wav');
    t.is(sampleRateHz, 8000);
    t.deepEqual([...channels[0]], [0.5, -0.5, 0]);
  }
  const whole = wave64Bytes(data, 8000);
  await t.throwsAsync(decodeBytes(whole.subarray(0, whole.length - 5), 'x.w64'), { message: /1 of 3 samples/ });
});

test('an open length (0, 0xffffffff, 0x7ffff000) means to the end of the file', async (t) => {
  const data = int16Bytes(HALF, -HALF, 0);
  const open = [
    { statedDataBytes: 0, statedRiffBytes: 0 },
    { statedDataBytes: 0, statedRiffBytes: 36 },
    { statedDataBytes: 0, statedRiffBytes: 0xffffffff },
    { statedDataBytes: 0xffffffff, statedRiffBytes: 0xffffffff },
    { statedDataBytes: 0x7ffff000, statedRiffBytes: 0x7ffff024 },
  ];
  for (const lengths of open) t.deepEqual(await decode(wavBytes({ data, ...lengths })), [[0.5, -0.5, 0]]);
});

test('a data chunk that is truly empty gives no samples', async (t) => {
  t.deepEqual(await decode(wavBytes({ data: new Uint8Array(), order: ['fmt ', 'data', 'LIST'] })), [[]]);
});

test('a data chunk cut short is an error that counts samples', async (t) => {
  const bytes = wavBytes({ data: int16Bytes(1, 2, 3, 4), channels: 2 });
  const error = await t.throwsAsync(decodeBytes(bytes.subarray(0, bytes.length - 3), 'cut.wav'));
  t.is(error?.name, 'UserError');
  t.regex(error?.message ?? '', /^cut\.wav is cut short: 1 of 2 samples are there/);
  await t.throwsAsync(decodeBytes(bytes.subarray(0, 20), 'cut.wav'), { message: /cut short/ });
});

test('a length that is no multiple of a sample loses the incomplete one', async (t) => {
  t.deepEqual(await decode(wavBytes({ data: Uint8Array.of(0, 64, 7) })), [[0.5]]);
});

test('samples of 12 and 20 bits stand in the upper bits of their bytes', async (t) => {
  t.deepEqual(await decode(wavBytes({ data: int16Bytes(HALF), bitsPerSample: 12, blockBytes: 2 })), [[0.5]]);
  const data = Uint8Array.of(0, 0, 0xc0);
  t.deepEqual(await decode(wavBytes({ data, bitsPerSample: 20, blockBytes: 3 })), [[-0.5]]);
});

test('an impossible header, and a file without fmt, are reported as damage', async (t) => {
  const data = int16Bytes(1);
  await t.throwsAsync(decodeBytes(wavBytes({ data, sampleRateHz: 0 }), 'x.wav'), { message: /damaged.* 0 Hz/ });
  await t.throwsAsync(decodeBytes(wavBytes({ data, order: ['data'] }), 'x.wav'), { message: /damaged: its fmt/ });
  await t.throwsAsync(decodeBytes(wavBytes({ data, formatTag: 0x31 }), 'x.wav'), {
    message: /GSM 6\.10.*ffmpeg/,
  });
  await t.throwsAsync(decodeBytes(wavBytes({ data, formatTag: 999 }), 'x.wav'), { message: /encoding number 999/ });
});

test('16-bit samples of any number of channels come back, aligned or not', async (t) => {
  const frames = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 20 })).chain(([channels, length]) =>
    fc.array(fc.array(fc.integer({ min: -32768, max: 32767 }), { minLength: length, maxLength: length }), {
      minLength: channels,
      maxLength: channels,
    }),
  );
  await fc.assert(
    fc.asyncProperty(frames, fc.nat({ max: 3 }), async (channels, shift) => {
      const interleaved = channels[0].flatMap((_, i) => channels.map((channel) => channel[i]));
      const bytes = wavBytes({ data: int16Bytes(...interleaved), channels: channels.length });
      const moved = new Uint8Array(bytes.length + shift);
      moved.set(bytes, shift);
      const expected = channels.map((channel) => channel.map((value) => value / 32768));
      t.deepEqual(await decode(moved.subarray(shift)), expected);
    }),
    { numRuns: 100, seed: 1 },
  );
});
