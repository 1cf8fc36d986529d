import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { Command } from 'commander';
import { commands } from '../../src/cli/commands.js';
import { writeWav16 } from '../../src/io/wav-write.js';
import { voxloopVersion } from '../../src/pipeline/run/version.js';
import { talk } from '../helpers/corpora/talk.js';
import { writeTinyModel } from '../helpers/networks/tiny-model.js';
import { runCli } from '../helpers/run-cli.js';
import { standingPackage } from '../helpers/standing-package.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { EMBEDDING } from '../helpers/training/small-training.js';

const NAME = `voices 1.0 (tdnn, ${EMBEDDING})`;

const program = `
import { openSpeakerModel, packagedModel } from 'voxloop/tools';
const model = await openSpeakerModel(undefined, { device: 'cpu' });
console.log(JSON.stringify({ folder: packagedModel(), name: model.identity.name, calibrated: model.calibration !== null }));
await model.close();
`;

test('commands that write nothing into the model folder need no --model', (t) => {
  const program = new Command();
  for (const register of commands) register(program);
  const needed = new Map<string, boolean>();
  for (const command of program.commands) {
    const model = command.options.find(({ long }) => long === '--model');
    if (model) needed.set(command.name(), model.mandatory);
  }
  const named = [...needed.keys()].sort();
  t.deepEqual(
    named.filter((name) => !needed.get(name)),
    ['diarize', 'embed', 'enroll', 'extract-target', 'identify', 'page', 'saliency', 'score', 'similarity', 'verify'],
  );
  t.deepEqual(
    named.filter((name) => needed.get(name)),
    ['calibrate'],
  );
});

test('a model that was packed and calibrated is used where none is named, and named once', async (t) => {
  t.timeout(300_000);
  const cwd = temporaryFolder(t, { scores: '0.9 1\n0.5 1\n0.4 0\n0.6 0\n0.1 0\n', card: '# Voices\n' });
  for (const name of ['a1', 'a2']) writeWav16(join(cwd, `${name}.wav`), talk(0, 2, Number(name[1])), 16000);
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
  const sizes = /, [\d.]+ million numbers, [\d.]+ KiB/;
  t.is(packed.stdout.replace(sizes, ''), `${models}: ${NAME} (model.safetensors, CARD.md)\n`);
  t.is((await run('calibrate', '--scores', 'scores', '--model', models)).code, 0);

  const named = await run('similarity', 'a1.wav', 'a2.wav', '--model', models);
  t.is(named.stderr, '');
  const chosen = await run('similarity', 'a1.wav', 'a2.wav');
  t.is(chosen.stdout, named.stdout);
  t.is(chosen.stderr, `model: ${NAME}, which comes with voxloop ${voxloopVersion()}; --model names another\n`);
  const enrolled = await run('enroll', 'anna', 'a1.wav', '--store', 'store');
  t.regex(enrolled.stderr, /^model: voices 1\.0 .*\n(?!model: )/);
  const diarized = await run('diarize', 'a1.wav', '--speakers', '1');
  t.deepEqual([diarized.stderr, diarized.stdout.slice(0, 10)], [chosen.stderr, 'SPEAKER a1']);
  const json = await run('verify', 'anna', 'a1.wav', '--store', 'store', '--least-speech', '0', '--json');
  t.deepEqual([JSON.parse(json.stdout).same, json.stderr], [true, '']);

  writeFileSync(join(root, 'program.mjs'), program);
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'program.mjs')]);
  t.deepEqual(JSON.parse(stdout), { folder: models, name: NAME, calibrated: true });
});
