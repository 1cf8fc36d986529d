import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { writeWav16 } from '../../src/io/wav-write.js';
import { talk } from '../helpers/corpora/talk.js';
import { writeTinyModel } from '../helpers/networks/tiny-model.js';
import { runCli } from '../helpers/run-cli.js';
import { standingPackage } from '../helpers/standing-package.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { EMBEDDING } from '../helpers/training/small-training.js';

const NAME = `voices 1.0 (tdnn, ${EMBEDDING})`;
const NOTE = `model: ${NAME}, which comes with voxloop `;

const program = `
import { openSpeakerModel, packagedModel } from 'voxloop/tools';
const model = await openSpeakerModel(undefined, { device: 'cpu' });
console.log(JSON.stringify({ folder: packagedModel(), name: model.identity.name, calibrated: model.calibration !== null }));
await model.close();
`;

test('pack, calibrate, and every command that takes --model without it: the packaged model is used, and named once', async (t) => {
  t.timeout(300_000);
  const cwd = temporaryFolder(t, { trials: '1 a1.wav a2.wav\n0 a1.wav b1.wav\n', card: '# Voices\n' });
  for (const [voice, name] of ['a', 'b'].entries())
    for (const take of [1, 2]) writeWav16(join(cwd, `${name}${take}.wav`), talk(voice, 2, take), 16000);
  const { root, script, models } = standingPackage(t);
  const run = (...args: string[]) => runCli(args, { cwd, script });

  const missing = await run('similarity', 'a1.wav', 'a2.wav');
  t.is(missing.code, 2);
  t.regex(
    missing.stderr,
    /comes with voxloop is missing: .*model\.safetensors .*Install voxloop again, or name a model/,
  );

  await writeTinyModel(join(cwd, 'model'));
  const packed = await run('pack', 'model', '--out', models, '--name', 'voices 1.0', '--card', 'card');
  t.is(packed.code, 0, packed.stderr);
  t.is(packed.stdout.replace(/, \d.*KiB/, ''), `${models}: ${NAME} (model.safetensors, CARD.md)\n`);
  const again = await run('pack', 'model', '--out', 'model');
  t.deepEqual([again.code, /^model holds a model already/.test(again.stderr)], [2, true]);

  const needed = await run('calibrate', '--scores', 'trials');
  t.deepEqual([needed.code, /required option '--model <dir>'/.test(needed.stderr)], [2, true]);
  writeFileSync(join(cwd, 'scores'), '0.9 1\n0.5 1\n0.4 0\n0.6 0\n0.1 0\n');
  t.is((await run('calibrate', '--scores', 'scores', '--model', models)).code, 0);

  const named = await run('similarity', 'a1.wav', 'a2.wav', '--model', models);
  t.is(named.stderr, '');
  const chosen = await run('similarity', 'a1.wav', 'a2.wav');
  t.is(chosen.stdout, named.stdout);
  t.regex(chosen.stderr, /^model: .*, which comes with voxloop [\d.]+; --model names another\n$/);
  for (const [command, args, printed] of [
    ['embed', ['a1.wav', 'b1.wav', '--out', 'x.npy'], /x\.tsv: 2 x 6, 4\.0 s/],
    ['enroll', ['anna', 'a1.wav', '--store', 'store'], /^anna: 1 recording stored/],
    ['verify', ['anna', 'a2.wav', '--store', 'store'], /^(yes|no): score /],
    ['identify', ['a1.wav', '--store', 'store'], /^a1\.wav: anna; anna 1\.0000/],
    ['diarize', ['a1.wav', '--speakers', '1'], /^SPEAKER a1 1 /],
    ['score', ['--trials', 'trials', '--root', '.'], /^2 trials: EER /],
  ] as [string, string[], RegExp][]) {
    const { code, stdout, stderr } = await run(command, ...args);
    t.is(code, 0, `${command}: ${stderr}`);
    t.regex(stdout, printed);
    t.is(stderr.split(NOTE).length, 2, `${command}: ${stderr}`);
  }
  const listed = JSON.parse((await run('speakers', '--store', 'store', '--json')).stdout);
  t.is(listed.model.name, NAME);
  const json = await run('verify', 'anna', 'a2.wav', '--store', 'store', '--json');
  t.deepEqual([JSON.parse(json.stdout).speaker, json.stderr], ['anna', '']);

  writeFileSync(join(root, 'program.mjs'), program);
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'program.mjs')]);
  t.deepEqual(JSON.parse(stdout), { folder: models, name: NAME, calibrated: true });
});
