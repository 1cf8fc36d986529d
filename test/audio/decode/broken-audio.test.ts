import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { decodeBytes, decodeFile, inspectAudio, loadMono16k } from '../../../src/audio/decode/decode.js';
import { UserError } from '../../../src/errors.js';
import { bytesOf } from './recordings.js';
import { int16Bytes, wavBytes } from './wav-bytes.js';

const folder = mkdtempSync(join(tmpdir(), 'voxloop-broken-'));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

const CASES: [what: string, path: string, message: RegExp][] = [
  ['a missing file', join(folder, 'none.wav'), /none\.wav does not exist/],
  ['a folder', folder, /is a folder/],
  ['no bytes', fileOf('empty.wav', ''), /empty\.wav is empty/],
  ['text', fileOf('text.wav', 'not audio at all'), /text\.wav is not audio/],
  ['a RIFF file that is no WAV', fileOf('riff.wav', 'RIFF\0\0\0\0WEBPVP8 '), /is not audio/],
  ['no samples', fileOf('none-in.wav', wavBytes({ data: new Uint8Array() })), /none-in\.wav holds no samples/],
  ['silence', fileOf('silent.wav', wavBytes({ data: int16Bytes(7, 7, 7) })), /holds only silence/],
  [
    'NaN',
    fileOf('nan.wav', wavBytes({ data: floats(0, Number.NaN, 1), formatTag: 3, bitsPerSample: 32 })),
    /not finite/,
  ],
  [
    'infinity',
    fileOf('infinite.wav', wavBytes({ data: floats(0, -1 / 0, 1), formatTag: 3, bitsPerSample: 32 })),
    /not finite/,
  ],
  [
    'a rate that cannot be used',
    fileOf('slow.wav', wavBytes({ data: int16Bytes(1, 2), sampleRateHz: 1000 })),
    /1000 Hz/,
  ],
  [
    'SILK',
    fileOf('silk.slk', '#!SILK_V3 and what it holds'),
    /silk\.slk holds SILK sound, which voxloop does not read/,
  ],
];

for (const [what, path, message] of CASES) {
  test(`${what} is the user's error`, async (t) => {
    const error = await t.throwsAsync(loadMono16k(path), { instanceOf: UserError, message });
    t.true(error?.message.includes(path));
  });
}

test('the format is told by content, not by the extension', async (t) => {
  const { channels } = await decodeFile(fileOf('flac.wav', bytesOf('flac-16.flac')));
  t.is(channels[0].length, 8000);
});

for (const name of [
  'signal.wav',
  'flac-16.flac',
  'vorbis.ogg',
  'opus.opus',
  'mp3.mp3',
  'mp3-bare.mp3',
  'float-32.wav',
]) {
  test(`${name}, cut in the middle, is reported as cut short`, async (t) => {
    const bytes = bytesOf(name);
    const half = bytes.subarray(0, Math.floor(bytes.length * 0.55));
    await t.throwsAsync(decodeBytes(half, name), { instanceOf: UserError, message: /is cut short: .* samples/ });
  });
}

test('a FLAC file cut short says how many samples there should be', async (t) => {
  const bytes = bytesOf('flac-16.flac');
  await t.throwsAsync(decodeBytes(bytes.subarray(0, 9000), 'x'), { message: /\d+ of 8000 samples are there/ });
});

/** Damage and cuts at random places: an answer or a UserError, never another error, never an endless loop. */
for (const name of ['signal.wav', 'ima-adpcm-stereo.wav', 'flac-16.flac', 'vorbis.ogg', 'opus.opus', 'mp3.mp3']) {
  test(`${name} with random damage never fails in another way`, async (t) => {
    const original = bytesOf(name);
    const damage = fc.array(fc.tuple(fc.nat({ max: original.length - 1 }), fc.nat({ max: 255 })), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(damage, fc.nat({ max: original.length }), fc.boolean(), async (changes, length, whole) => {
        const bytes = whole ? original.slice() : original.slice(0, length);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        try {
          await decodeBytes(bytes, name);
        } catch (error) {
          t.true(error instanceof UserError, String(error));
        }
      }),
      { numRuns: 60, seed: 1 },
    );
    t.pass();
  });
}

test('inspectAudio counts what is wrong', (t) => {
  const clipped = Float32Array.of(0, 1, -1, 0.5);
  t.deepEqual(inspectAudio(clipped), { silent: false, clippedShare: 0.5, nan: false, peak: 1 });
  t.deepEqual(inspectAudio(new Float32Array(3)), { silent: true, clippedShare: 0, nan: false, peak: 0 });
  t.deepEqual(inspectAudio(new Float32Array(0)), { silent: true, clippedShare: 0, nan: false, peak: 0 });
  const notNumbers = inspectAudio(Float32Array.of(Number.NaN, Number.NaN, 0.25));
  t.deepEqual(notNumbers, { silent: false, clippedShare: 0, nan: true, peak: 0.25 });
  t.is(inspectAudio(Float32Array.of(32767 / 32768, 32766 / 32768, 0)).clippedShare, 1 / 3);
});
