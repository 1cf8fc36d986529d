import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { decodeFile, loadMono16k } from '../../../src/audio/decode/decode.js';
import { UserError } from '../../../src/errors.js';
import { writeWav16 } from '../../../src/io/wav-write.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

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
    ['wav.ark:0', /wav\.ark: no WAV file begins at the offset 0/],
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
