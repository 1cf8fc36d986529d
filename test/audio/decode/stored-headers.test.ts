import test from 'ava';
import { decodeBytes } from '../../../src/audio/decode/decode.js';
import { UserError } from '../../../src/errors.js';
import { bytesOf, latin1, patched } from './recordings.js';

function sphere(fields: string, sound: Uint8Array): Uint8Array {
  const header = `NIST_1A\n   1024\n${fields}\nend_head\n`.padEnd(1024);
  return Uint8Array.of(...latin1(header), ...sound);
}

/** Where the 16-bit fixture of AIFF has its SSND chunk, with its length four bytes on. */
const AIFF_SOUND_AT = 38;

const REFUSED: [what: string, bytes: Uint8Array, message: RegExp][] = [
  ['an AIFF file cut in its sound', bytesOf('aiff.aiff').subarray(0, 1054), /500 of 1600 samples are there/],
  ['an AIFF file cut in front of its sound', bytesOf('aiff.aiff').subarray(0, 38), /cut short/],
  ['an AIFF file without sound', patched('aiff.aiff', AIFF_SOUND_AT, 'APPL'), /its SSND chunk is missing/],
  ['AIFF of no channels', patched('aiff.aiff', 20, '\0\0'), /impossible \(0 channels, 16000 Hz\)/],
  [
    'AU of four thousand million channels',
    patched('au-16.au', 20, '\xff\xff\xff\xff'),
    /impossible \(4294967295 channels/,
  ],
  ['an AU file cut in its sound', bytesOf('au-16.au').subarray(0, 24 + 1000), /500 of 1600 samples/],
  ['an AU file cut in its header', bytesOf('au-16.au').subarray(0, 20), /ends inside its header/],
  ['AU whose sound begins in its header', patched('au-16.au', 7, '\x08'), /begins inside it, at byte 8/],
  ['SPHERE cut in its sound', bytesOf('sphere-16.sph').subarray(0, 1024 + 1000), /500 of 1600 samples/],
  ['SPHERE cut in its header', bytesOf('sphere-16.sph').subarray(0, 500), /ends inside its header/],
  ['SPHERE without a rate', sphere('channel_count -i 1', Uint8Array.of(1, 2)), /does not say sample_rate/],
];

for (const [what, bytes, message] of REFUSED) {
  test(`${what} is refused by name`, async (t) => {
    await t.throwsAsync(decodeBytes(bytes, 'it.bin'), { instanceOf: UserError, message });
  });
}

test('an AIFF file of a writer that could not go back is read to its end', async (t) => {
  const streamed = patched('aiff.aiff', AIFF_SOUND_AT + 4, '\0\0\0\0');
  streamed.fill(0, 22, 26);
  t.deepEqual(await decodeBytes(streamed, 'a.aiff'), await decodeBytes(bytesOf('aiff.aiff'), 'a.aiff'));
});

test('an AU file of a writer that could not go back is read to its end', async (t) => {
  const streamed = patched('au-16.au', 8, '\xff\xff\xff\xff');
  t.deepEqual(await decodeBytes(streamed, 'a.au'), await decodeBytes(bytesOf('au-16.au'), 'a.au'));
});

test('what stands behind the stated samples is no sound', async (t) => {
  const longer = Uint8Array.of(...bytesOf('sphere-16.sph'), 1, 2, 3, 4);
  t.is((await decodeBytes(longer, 'a.wav')).channels[0].length, 1600);
});

test('SPHERE of two channels is interleaved, of the rate that the header states', async (t) => {
  const fields =
    'channel_count -i 2\nsample_rate -i 8000\nsample_n_bytes -i 2\nsample_byte_format -s2 10\nsample_count -i 2';
  const { sampleRateHz, channels } = await decodeBytes(
    sphere(fields, Uint8Array.of(64, 0, 32, 0, 192, 0, 16, 0)),
    'a.sph',
  );
  t.is(sampleRateHz, 8000);
  t.deepEqual(channels, [Float32Array.of(0.5, -0.5), Float32Array.of(0.25, 0.125)]);
});
