import test from 'ava';
import fc from 'fast-check';
import { decodeBytes } from '../../../src/audio/decode/decode.js';
import { int16Bytes, wavBytes } from './wav-bytes.js';

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
  await t.throwsAsync(decodeBytes(wavBytes({ data, formatTag: 0x31 }), 'x.wav'), { message: /GSM 6\.10.*ffmpeg/ });
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
