import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { decodeBytes } from '../../../src/audio/decode/decode.js';
import { UserError } from '../../../src/errors.js';
import { isOnPath } from '../../../src/io/on-path.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { bytesOf, latin1, patched } from './recordings.js';
import { int16Bytes, wavBytes } from './wav-bytes.js';

/** Sound that voxloop leaves to ffmpeg: its bytes, what a message calls it, and the container that ffmpeg is told. */
const FOREIGN: [what: string, bytes: Uint8Array, name: RegExp, container: string][] = [
  ['WebM', bytesOf('foreign.webm'), /WebM or Matroska sound/, 'matroska'],
  ['Speex', bytesOf('speex.ogg'), /Speex in Ogg/, 'ogg'],
  ['GSM in WAV', bytesOf('gsm.wav'), /GSM 6\.10/, 'wav'],
  ['IMA ADPCM in AIFF-C', patched('aiff-c-sowt.aifc', 50, 'ima4'), /coded as 'ima4'/, 'aiff'],
  ['G.721 in AU', patched('au-16.au', 15, '\x17'), /AU encoding number 23/, 'au'],
  [
    'Shorten in SPHERE',
    latin1(
      'NIST_1A\n   1024\nsample_rate -i 8000\nsample_coding -s26 pcm,embedded-shorten-v2.00\nend_head\n'.padEnd(1030),
    ),
    /coded as 'pcm,embedded-shorten-v2\.00'/,
    'nistsphere',
  ],
  ['AMR', latin1('#!AMR\n and so on'), /AMR sound/, 'amr'],
  ['Windows Media', latin1('0&\xb2u and so on'), /Windows Media sound/, 'asf'],
  ['AVI', latin1('RIFF....AVI and so on'), /AVI sound/, 'avi'],
];

/** Only the programs of this folder are on the PATH until the test ends. */
function onlyPath(t: ExecutionContext, folder: string): void {
  const path = process.env.PATH;
  process.env.PATH = folder;
  t.teardown(() => {
    process.env.PATH = path;
  });
}

test.serial(
  'without ffmpeg on the PATH, sound that needs it is refused by its name, and ffmpeg is asked for',
  async (t) => {
    onlyPath(t, temporaryFolder(t));
    for (const [what, bytes, name] of FOREIGN) {
      const error = await t.throwsAsync(decodeBytes(bytes, 'it.bin'), { instanceOf: UserError, message: name }, what);
      t.regex(
        error?.message ?? '',
        /no ffmpeg is on the PATH\. Install it, or convert the file: ffmpeg -i it\.bin/,
        what,
      );
    }
  },
);

test.serial(
  'with ffmpeg, each goes through it with the container that was recognised, and nothing is guessed',
  async (t) => {
    const folder = temporaryFolder(t);
    // Stands for ffmpeg: hands back a WAV file whose one sample is the number of the container in its arguments.
    const containers = FOREIGN.map(([, , , container]) => container);
    const answer = wavBytes({ data: int16Bytes(0) });
    const standIn = `#!${process.execPath}
  const { readFileSync } = require('node:fs');
  readFileSync(0);
  const asked = process.argv[process.argv.indexOf('-f') + 1];
  const answer = Buffer.from(${JSON.stringify([...answer])});
  answer.writeInt16LE(${JSON.stringify(containers)}.indexOf(asked), answer.length - 2);
  process.stdout.write(answer);`;
    writeFileSync(join(folder, 'ffmpeg'), standIn, { mode: 0o755 });
    onlyPath(t, folder);
    for (const [what, bytes, , container] of FOREIGN) {
      const { channels } = await decodeBytes(bytes, 'it.bin');
      t.is(Math.round(channels[0][0] * 32768), containers.indexOf(container), what);
    }
  },
);

(isOnPath('ffmpeg') ? test : test.skip)('ffmpeg decodes WebM, Speex and GSM', async (t) => {
  for (const [name, sampleRateHz, least] of [
    ['foreign.webm', 48000, 4800],
    ['speex.ogg', 16000, 1600],
    ['gsm.wav', 8000, 800],
  ] as const) {
    const sound = await decodeBytes(bytesOf(name), name);
    t.is(sound.sampleRateHz, sampleRateHz, name);
    t.true(
      sound.channels[0].length >= least && sound.channels[0].length < 1.6 * least,
      `${name} ${sound.channels[0].length}`,
    );
    t.true(
      sound.channels[0].some((value) => Math.abs(value) > 0.2),
      name,
    );
  }
});
