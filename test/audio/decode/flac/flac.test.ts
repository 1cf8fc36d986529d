import { createHash } from 'node:crypto';
import test from 'ava';
import { decodeBytes } from '../../../../src/audio/decode/decode.js';
import { crc8, crc16 } from '../../../../src/audio/decode/flac/flac-crc.js';
import { createRng } from '../../../../src/random.js';
import { bytesOf, originalSignal } from '../recordings.js';
import { flacFrame, flacStart, slowCrc } from './flac-bytes.js';

const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
const samplesOf = async (bytes: Uint8Array) => (await decodeBytes(bytes, 'x.flac')).channels[0];
const asFloats = (samples: number[]) => Float32Array.from(samples, (value) => value / 32768);
const md5Of = (samples: number[]) =>
  createHash('md5')
    .update(new Uint8Array(Int16Array.from(samples).buffer))
    .digest();

function noise(seed: number, length: number): number[] {
  const rng = createRng(seed);
  return Array.from({ length }, () => rng.int(65536) - 32768);
}

/** Three frames of 100 samples, as they are written with a total and a checksum. */
const sound = noise(1, 300);
const frames = [0, 1, 2].map((number) => flacFrame({ samples: sound.slice(100 * number, 100 * number + 100), number }));
const whole = join(flacStart(300, md5Of(sound)), ...frames);

test('checksums are those of the definition', (t) => {
  const bytes = Uint8Array.from(noise(2, 1000));
  t.is(crc8(bytes), slowCrc(bytes, 8, 0x07));
  t.is(crc16(bytes), slowCrc(bytes, 16, 0x8005));
});

test('every sample of every frame comes out, the last frame included', async (t) => {
  t.deepEqual(await samplesOf(whole), asFloats(sound));
});

test('the last frame comes out whatever its bytes are, in 300 streams of noise', async (t) => {
  for (let seed = 0; seed < 300; seed++) {
    const samples = noise(seed, 40 + seed);
    const cut = 16 + (seed % 20);
    const parts = [samples.slice(0, cut), samples.slice(cut)].map((part, number) =>
      flacFrame({ samples: part, number }),
    );
    t.deepEqual(await samplesOf(join(flacStart(samples.length), ...parts)), asFloats(samples), `seed ${seed}`);
  }
});

test('what stands behind the last frame is no part of the sound', async (t) => {
  const tag = Buffer.alloc(128, 0);
  tag.write('TAG');
  for (const tail of [tag, new Uint8Array(4096), Uint8Array.from(noise(3, 5000)), Uint8Array.of(0xff, 0xf8)]) {
    t.deepEqual(await samplesOf(join(whole, tail)), asFloats(sound));
  }
});

test('an ID3 tag in front, and a total and a checksum left out, change nothing', async (t) => {
  const tag = Uint8Array.from([0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 0, 5, 1, 2, 3, 4, 5]);
  t.deepEqual(await samplesOf(join(tag, flacStart(0), ...frames)), asFloats(sound));
});

test('a metadata block whose length leads out of the file does not hide the sound', async (t) => {
  const start = flacStart(300);
  start[4] = 0; // not the last block: a picture follows that claims 16 MB
  t.deepEqual(await samplesOf(join(start, Uint8Array.of(0x86, 0xff, 0xff, 0xff), ...frames)), asFloats(sound));
});

test('frames may leave their rate and sample size to STREAMINFO', async (t) => {
  const samples = sound.slice(0, 100);
  const frame = flacFrame({ samples, number: 0, rateCode: 0, sizeCode: 0 });
  const { sampleRateHz, channels } = await decodeBytes(join(flacStart(100), frame), 'x.flac');
  t.is(sampleRateHz, 16000);
  t.deepEqual(channels[0], asFloats(samples));
});

test('an empty stream has no samples', async (t) => {
  t.is((await samplesOf(flacStart(0))).length, 0);
});

test('a stream that ends early is cut short, at every byte', async (t) => {
  for (let length = 60; length < whole.length; length += 7) {
    await t.throwsAsync(samplesOf(whole.subarray(0, length)), { message: /cut short: (0|100|200) of 300 samples/ });
  }
  await t.throwsAsync(samplesOf(whole.subarray(0, 30)), { message: /STREAMINFO/ });
});

test('a frame that does not hold its checksum is damage, and so is one that is missing', async (t) => {
  const damaged = whole.slice();
  damaged[42 + 150] ^= 1;
  await t.throwsAsync(samplesOf(damaged), { message: /damaged: the FLAC frame behind sample 0 / });
  await t.throwsAsync(samplesOf(join(flacStart(300), frames[0], frames[2])), { message: /200 of 300 samples/ });
});

test('samples other than those of the MD5 in the header are told', async (t) => {
  const other = md5Of(sound.map((value) => value ^ 1));
  await t.throwsAsync(samplesOf(join(flacStart(300, other), ...frames)), { message: /damaged: .*MD5/ });
});

test('a changing sampling rate is not read', async (t) => {
  const faster = flacFrame({ samples: sound.slice(0, 100), number: 1, rateCode: 8 });
  await t.throwsAsync(samplesOf(join(flacStart(200), frames[0], faster)), { message: /sampling rate changes/ });
});

test('a real file of which other splitters lose the last frame is read to its end, as its encoder took the MD5 of it', async (t) => {
  const bytes = bytesOf('flac-last-frame.flac');
  const { sampleRateHz, channels } = await decodeBytes(bytes, 'x.flac');
  t.is(sampleRateHz, 8000);
  t.is(channels[0].length, 8320);
  t.deepEqual(new Uint8Array(md5Of([...channels[0]].map((value) => value * 32768))), bytes.slice(26, 42));
});

test('a real file with a tag behind it is read to its last sample', async (t) => {
  t.deepEqual(await samplesOf(join(bytesOf('flac-16.flac'), new Uint8Array(128))), originalSignal());
});
