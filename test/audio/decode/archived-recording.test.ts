import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { decodeFile, loadMono16k } from '../../../src/audio/decode/decode.js';
import { UserError } from '../../../src/errors.js';
import { writeWav16 } from '../../../src/io/wav-write.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { recording } from './recordings.js';

test('recordings of a Kaldi archive are read by their offsets', async (t) => {
  const dir = temporaryFolder(t);
  const at = (name: string) => join(dir, name);
  writeWav16(
    at('a.wav'),
    Int16Array.from({ length: 1600 }, (_, i) => (i * 37) % 1000),
    16000,
  );
  writeWav16(
    at('b.wav'),
    Int16Array.from({ length: 800 }, (_, i) => (i * 91) % 700),
    8000,
  );
  const parts = [Buffer.from('one '), readFileSync(at('a.wav')), Buffer.from('two '), readFileSync(at('b.wav'))];
  const archive = Buffer.concat(parts);
  writeFileSync(at('wav.ark'), archive);
  const second = 4 + parts[1].length + 4;
  t.deepEqual(await decodeFile(at('wav.ark:4')), await decodeFile(at('a.wav')));
  t.deepEqual(await decodeFile(at(`wav.ark:${second}`)), await decodeFile(at('b.wav')));
  t.is((await loadMono16k(at(`wav.ark:${second}`))).length, 1600);

  for (const [name, message] of [
    ['wav.ark:0', /wav\.ark: no recording begins at the offset 0/],
    [`wav.ark:${archive.length}`, /wav\.ark: the archive has \d+ bytes, and no recording at the offset/],
    ['gone.ark:4', /gone\.ark does not exist/],
  ] as const)
    await t.throwsAsync(decodeFile(at(name)), { instanceOf: UserError, message });
  writeFileSync(at('cut.ark'), archive.subarray(0, second + 500));
  t.is((await decodeFile(at('cut.ark:4'))).channels[0].length, 1600);
  await t.throwsAsync(decodeFile(at(`cut.ark:${second}`)), {
    instanceOf: UserError,
    message: /cut\.ark: .* cut short/,
  });
  // A file may have such a name itself.
  writeFileSync(at('wav.ark:0'), parts[3]);
  t.is((await decodeFile(at('wav.ark:0'))).sampleRateHz, 8000);
});

test("recordings of every format are read from kaldiio's blocks, which state their length", async (t) => {
  const dir = temporaryFolder(t);
  const names = ['flac-16.flac', 'vorbis.ogg', 'opus.opus', 'mp3.mp3', 'sine.m4a', 'rf64.wav'];
  const files = names.map((name) => readFileSync(recording(name)));
  // As kaldiio 2.18 writes them: a word, the width of the length, the length.
  const blocks = files.map((file) => Buffer.concat([Buffer.from('AUDIO\x02'), littleEndian(file.length), file]));
  const keyed = blocks.flatMap((block, i) => [Buffer.from(`utterance-${i} `), block]);
  writeFileSync(join(dir, 'sound.ark'), Buffer.concat(keyed));
  let offset = 0;
  for (const [i, name] of names.entries()) {
    offset += keyed[2 * i].length;
    t.deepEqual(await decodeFile(`${join(dir, 'sound.ark')}:${offset}`), await decodeFile(recording(name)), name);
    offset += blocks[i].length;
  }
  writeFileSync(join(dir, 'cut.ark'), blocks[0].subarray(0, 100));
  await t.throwsAsync(decodeFile(`${join(dir, 'cut.ark')}:0`), { instanceOf: UserError, message: /cut short/ });
  writeFileSync(join(dir, 'odd.ark'), Buffer.from('AUDIO\x09123456789'));
  await t.throwsAsync(decodeFile(`${join(dir, 'odd.ark')}:0`), { instanceOf: UserError, message: /no recording/ });
});

test('big-endian and 64-bit WAV, and a FLAC file that ends its archive, are read without a block', async (t) => {
  const dir = temporaryFolder(t);
  for (const name of ['big-endian-rifx.wav', 'rf64.wav', 'flac-16.flac', 'vorbis.ogg']) {
    const behind = name.endsWith('.wav') ? 'another key' : '';
    const archive = Buffer.concat([Buffer.from('key '), readFileSync(recording(name)), Buffer.from(behind)]);
    writeFileSync(join(dir, 'a.ark'), archive);
    t.deepEqual(await decodeFile(`${join(dir, 'a.ark')}:4`), await decodeFile(recording(name)), name);
  }
});

function littleEndian(length: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(length);
  return bytes;
}
